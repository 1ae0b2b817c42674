import type { Vec3 } from '../shape.ts';

const ONE = 4096;

/**
 * Gaussian smoothing in integers, so that the result is the same on every machine: kernel weights are rounded to
 * 1 / 4096, sums are exact, each axis is rounded once. Edges are mirrored with the border voxel repeated.
 *
 * @param values integers; changed in place
 * @param sigmas in voxels along z, y, x; 0 leaves an axis as it is
 */
export function smoothIntegers(values: Int32Array, shape: Vec3, sigmas: Vec3): void {
  const [depth, height, width] = shape;
  const plane = height * width;
  const [alongZ, alongY, alongX] = sigmas.map((sigma, axis) => new LineSmoother(sigma, shape[axis]));
  if (sigmas[2] > 0) for (let row = 0; row < values.length; row += width) alongX!.run(values, row, 1);
  if (sigmas[1] > 0)
    for (let z = 0; z < depth; z++) for (let x = 0; x < width; x++) alongY!.run(values, z * plane + x, width);
  if (sigmas[0] > 0) for (let column = 0; column < plane; column++) alongZ!.run(values, column, plane);
}

/** Half a Gaussian, centre first; the weights of the whole add up to exactly one. */
function halfKernel(sigma: number): Int32Array {
  const radius = Math.ceil(3 * sigma);
  const weights = Array.from({ length: radius + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const total = weights.reduce((sum, weight, i) => sum + (i === 0 ? weight : 2 * weight), 0);
  const kernel = Int32Array.from(weights, (weight) => Math.round((ONE * weight) / total));
  kernel[0] = ONE - 2 * kernel.subarray(1).reduce((sum, weight) => sum + weight, 0);
  return kernel;
}

class LineSmoother {
  readonly #kernel: Int32Array;
  readonly #length: number;
  readonly #line: Float64Array;

  constructor(sigma: number, length: number) {
    this.#kernel = sigma > 0 ? halfKernel(sigma) : Int32Array.of(ONE);
    this.#length = length;
    this.#line = new Float64Array(length + 2 * (this.#kernel.length - 1));
  }

  run(values: Int32Array, start: number, stride: number): void {
    const kernel = this.#kernel;
    const line = this.#line;
    const radius = kernel.length - 1;
    const length = this.#length;
    for (let i = 0; i < length; i++) line[i + radius] = values[start + i * stride];
    for (let i = 1; i <= radius; i++) {
      line[radius - i] = line[radius + mirror(-i, length)];
      line[radius + length - 1 + i] = line[radius + mirror(length - 1 + i, length)];
    }
    for (let i = 0; i < length; i++) {
      const at = i + radius;
      let sum = kernel[0] * line[at];
      for (let k = 1; k <= radius; k++) sum += kernel[k] * (line[at - k] + line[at + k]);
      values[start + i * stride] = Math.floor((sum + ONE / 2) / ONE);
    }
  }
}

function mirror(i: number, length: number): number {
  const period = 2 * length;
  const at = ((i % period) + period) % period;
  return at < length ? at : period - 1 - at;
}

import type { Random } from './random.ts';

/** A smooth random field over a box, about zero mean and unit variance. */
export interface NoiseField {
  /** Value at a point in nm; points outside the box take the value at its border. */
  at(z: number, y: number, x: number): number;
}

/** Lattice points per wavelength: dense enough that linear interpolation between them looks smooth. */
const POINTS_PER_WAVELENGTH = 4;

/** Noise whose features are about `wavelength` nm apart, over the box from `low` to `high` (nm, z y x). */
export function noiseField(
  random: Random,
  low: readonly number[],
  high: readonly number[],
  wavelength: number,
): NoiseField {
  const pitch = wavelength / POINTS_PER_WAVELENGTH;
  const size = low.map((start, d) => Math.max(2, Math.ceil((high[d] - start) / pitch) + 2));
  const [depth, height, width] = size;
  const values = whiteNoise(random, depth * height * width);
  // two passes of a box of 3 leave a correlation length of about half a wavelength
  for (let pass = 0; pass < 2; pass++) blurBox(values, [depth, height, width], [1, 1, 1]);
  normalise(values);
  const plane = height * width;
  return {
    at(z, y, x) {
      const fz = Math.min(depth - 1.001, Math.max(0, (z - low[0]) / pitch));
      const fy = Math.min(height - 1.001, Math.max(0, (y - low[1]) / pitch));
      const fx = Math.min(width - 1.001, Math.max(0, (x - low[2]) / pitch));
      const iz = fz | 0;
      const iy = fy | 0;
      const ix = fx | 0;
      const [tz, ty, tx] = [fz - iz, fy - iy, fx - ix];
      const i = iz * plane + iy * width + ix;
      const a = values[i] + tx * (values[i + 1] - values[i]);
      const b = values[i + width] + tx * (values[i + width + 1] - values[i + width]);
      const j = i + plane;
      const c = values[j] + tx * (values[j + 1] - values[j]);
      const d = values[j + width] + tx * (values[j + width + 1] - values[j + width]);
      const front = a + ty * (b - a);
      return front + tz * (c + ty * (d - c) - front);
    },
  };
}

/** Independent values, about normal (the sum of the four bytes of a word), unit variance. */
export function whiteNoise(random: Random, length: number): Float32Array {
  const values = new Float32Array(length);
  // each byte is uniform on 0..255, so that four of them have mean 510 and variance 4 * (256^2 - 1) / 12
  for (let i = 0; i < length; i++) values[i] = (byteSum(random.word()) - 510) / 147.8;
  return values;
}

function byteSum(word: number): number {
  return (word & 255) + ((word >>> 8) & 255) + ((word >>> 16) & 255) + (word >>> 24);
}

/** Averages each value with `reach` neighbours on either side of each axis, in place; at borders the window is cut. */
export function blurBox(values: Float32Array, shape: readonly number[], reach: readonly number[]): void {
  const strides = [shape[1] * shape[2], shape[2], 1];
  const line = new Float64Array(Math.max(...shape) + 1);
  for (let axis = 0; axis < 3; axis++) {
    const length = shape[axis];
    const r = Math.min(reach[axis], length - 1);
    if (r < 1) continue;
    const stride = strides[axis];
    for (let start = 0; start < values.length; start++) {
      // line starts are the voxels whose position on this axis is 0
      if (Math.floor(start / stride) % length !== 0) {
        start += stride * (length - 1) - 1;
        continue;
      }
      for (let i = 0, v = start; i < length; i++, v += stride) line[i + 1] = line[i] + values[v];
      for (let i = 0, v = start; i < length; i++, v += stride) {
        const from = Math.max(0, i - r);
        const to = Math.min(length, i + r + 1);
        values[v] = (line[to] - line[from]) / (to - from);
      }
    }
  }
}

/** Shifts and scales to zero mean and unit variance, in place. */
export function normalise(values: Float32Array): void {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const deviation = Math.sqrt(Math.max(1e-12, squares / values.length - mean * mean));
  for (let i = 0; i < values.length; i++) values[i] = (values[i] - mean) / deviation;
}

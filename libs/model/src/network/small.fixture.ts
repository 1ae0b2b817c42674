import type * as tfjs from '@tensorflow/tfjs';
import type { Shape, Vec3 } from '../ops/ops.ts';
import type { Tf } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import { initialWeights, type Weights } from '../training/weights.ts';
import { recordParameters } from './describe.ts';
import type { ParameterSource } from './parameters.ts';
import type { Preset } from './presets.ts';

/** The whole network, so narrow that the cpu engine takes a step in a tenth of a second. Crops are multiples of 4. */
export const small: Preset = {
  name: 'small',
  token: [4, 4, 4],
  crop: [8, 8, 8],
  stem: { width: 4, kernel: [3, 3, 3] },
  stages: [
    { width: 8, kernel: [2, 2, 2], strides: [2, 2, 2], mambaLayers: 0 },
    { width: 8, kernel: [2, 2, 2], strides: [2, 2, 2], mambaLayers: 1 },
  ],
  decoderKernel: [3, 3, 3],
  mamba: { state: 4, headChannels: 8, expand: 2, convolutionWidth: 3 },
  resampler: { latents: 4, layers: 1, heads: 2 },
};

/** Weights for whatever `run` asks of its source. */
export const weightsFor = (run: Parameters<typeof recordParameters>[0], seed = 1): Weights =>
  initialWeights(recordParameters(run).parameters, seed);

/** `weights` as tensors; refuses a name that is not there. */
export const sourceOf = (tf: Tf, weights: Weights): ParameterSource<tfjs.Tensor> => ({
  get(name, shape) {
    const found = weights.get(name);
    if (!found) throw new Error(`no weight '${name}'`);
    return tf.tensor(found.data, [...shape]);
  },
});

export const volumeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** Uniform numbers in [low, high). */
export function uniform(shape: Shape, seed: number, low = -1, high = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: volumeOf(shape) }, () => random.uniform(low, high));
}

/** Something to learn: bright cells between dark planes along every axis, at an offset of its own. */
export function membranes(
  [depth, height, width]: Vec3,
  random: Pick<Random, 'integer'>,
  period = 5,
): Float32Array {
  const [a, b, c] = [random.integer(period), random.integer(period), random.integer(period)];
  const out = new Float32Array(depth * height * width);
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++)
        out[v] = (z + a) % period === 0 || (y + b) % period === 0 || (x + c) % period === 0 ? 0.1 : 0.8;
  return out;
}

/** max |a - b| / max |b|. @throws when lengths differ, a number is not finite, or there is nothing to compare */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, not ${expected.length}`);
  let [worst, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (!Number.isFinite(a) || !Number.isFinite(b)) throw new Error(`${a} beside ${b} at ${i}`);
    worst = Math.max(worst, Math.abs(a - b));
    largest = Math.max(largest, Math.abs(b));
  }
  if (largest === 0) throw new Error('all zero: nothing was compared');
  return worst / largest;
}

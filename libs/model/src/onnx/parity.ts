import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { ParameterSource } from '../network/parameters.ts';
import type { Ops, Shape } from '../ops/ops.ts';
import { arrayOf, mapOf } from '../ops/shape-ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { OnnxBuilder } from './builder.ts';
import type { Opset } from './opset.ts';
import type { Weights } from './parameters.ts';

/**
 * A small function, run by TensorFlow.js and by ONNX Runtime on the same numbers. For tests only.
 * `inputs`: shapes without the batch; [channels, z, y, x] for a map. Inputs and weights are uniform in `range`.
 */
export interface ParityCase {
  readonly inputs: readonly { readonly kind: 'array' | 'map'; readonly shape: Shape }[];
  readonly weights?: Readonly<Record<string, Shape>>;
  readonly range?: readonly [low: number, high: number];
  readonly run: <T>(ops: Ops<T>, inputs: readonly T[], weight: (name: string) => T) => T;
  readonly output: 'array' | 'map';
}

export const array = (...shape: number[]) => ({ kind: 'array', shape }) as const;
export const map = (...shape: number[]) => ({ kind: 'map', shape }) as const;

export interface Outcome {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Both outcomes, maps as [N, C, z, y, x]. */
export async function runBoth(
  test: ParityCase,
  { opset, batch, seed = 1 }: { opset: Opset; batch: number; seed?: number },
): Promise<{ tensorflow: Outcome; onnx: Outcome }> {
  const random = generator(seed, test.range ?? [-1, 1]);
  const weights: Weights = new Map(
    Object.entries(test.weights ?? {}).map(([name, shape]) => [
      name,
      { shape, data: random(volumeOf(shape)) },
    ]),
  );
  const feeds = test.inputs.map(({ shape }) => random(batch * volumeOf(shape)));
  return {
    tensorflow: await throughTensorFlow(test, batch, weights, feeds),
    onnx: await throughOnnx(test, batch, weights, feeds, opset),
  };
}

/** max |a - b| / max |b|. @throws when shapes differ or a number is not finite */
export function difference(actual: Outcome, expected: Outcome): number {
  if (String(actual.shape) !== String(expected.shape))
    throw new Error(`shape [${actual.shape}] instead of [${expected.shape}]`);
  if (!actual.data.every(Number.isFinite) || !expected.data.every(Number.isFinite))
    throw new Error('not finite');
  let [worst, largest] = [0, 0];
  expected.data.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(actual.data[i]! - value));
    largest = Math.max(largest, Math.abs(value));
  });
  if (largest === 0) throw new Error('all zero: nothing was compared');
  return worst / largest;
}

async function throughTensorFlow(test: ParityCase, batch: number, weights: Weights, feeds: Float32Array[]) {
  await tf.setBackend('cpu');
  const result = tf.tidy(() => {
    const inputs = test.inputs.map(({ kind, shape }, i) => {
      const tensor = tf.tensor(feeds[i]!, [batch, ...shape]);
      return kind === 'map' ? tf.transpose(tensor, [0, 2, 3, 4, 1]) : tensor;
    });
    const out = test.run<tf.Tensor>(new TensorOps(tf), inputs, (name) => {
      const { shape, data } = weights.get(name)!;
      return tf.tensor(data, [...shape]);
    });
    return test.output === 'map' ? tf.transpose(out, [0, 4, 1, 2, 3]) : out.clone();
  });
  const data = Float32Array.from(await result.data());
  result.dispose();
  return { shape: result.shape, data };
}

async function throughOnnx(
  test: ParityCase,
  batch: number,
  weights: Weights,
  feeds: Float32Array[],
  opset: Opset,
) {
  const session = await InferenceSession.create(exportCase(test, weights, opset), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const tensors = test.inputs.map(({ shape }, i) => new Tensor('float32', feeds[i]!, [batch, ...shape]));
  const { out } = await session.run(Object.fromEntries(tensors.map((tensor, i) => [`in${i}`, tensor])));
  await session.release();
  return { shape: out!.dims, data: out!.data as Float32Array }; // the graph's output is float32
}

export function exportCase(test: ParityCase, weights: Weights, opset: Opset): Uint8Array {
  const builder = new OnnxBuilder({ opset });
  const inputs = test.inputs.map(({ kind, shape }, i) => {
    if (kind === 'array') return builder.input(`in${i}`, arrayOf([1, ...shape]));
    const [channels, z, y, x] = shape as [number, number, number, number]; // maps are given so
    return builder.input(`in${i}`, mapOf(1, channels, [z, y, x]));
  });
  const source: ParameterSource<ReturnType<typeof builder.input>> = builder.parameterSource(weights);
  const out = test.run(builder, inputs, (name) =>
    source.get(name, weights.get(name)!.shape, { kind: 'constant', value: 0 }),
  );
  return builder.build({ out });
}

const volumeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);

/** Uniform float32 numbers, xorshift32. */
function generator(seed: number, [low, high]: readonly [number, number]) {
  let state = (seed * 2654435761) | 1;
  return (count: number) =>
    Float32Array.from({ length: count }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return low + ((state >>> 0) / 2 ** 32) * (high - low);
    });
}

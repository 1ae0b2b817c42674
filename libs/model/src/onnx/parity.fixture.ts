import * as tf from '@tensorflow/tfjs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Initialiser, ParameterSource } from '../network/parameters.ts';
import type { Ops, Shape } from '../ops/ops.ts';
import { arrayOf, mapOf, ShapeOps, type ShapeValue } from '../ops/shape-ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { OnnxBuilder } from './builder.ts';
import type { Opset } from './opset.ts';
import type { ElementType, Value } from './value.ts';

/** A function, to be run by TensorFlow.js and by ONNX Runtime on the same numbers. */
export interface ParityCase {
  readonly inputs: readonly ParityInput[];
  /** Inputs are uniform in it; [-1, 1] unless given. */
  readonly range?: readonly [low: number, high: number];
  readonly run: <T>(ops: Ops<T>, inputs: readonly T[], parameters: ParameterSource<T>) => T;
}
export interface ParityInput {
  readonly kind: 'array' | 'map';
  /** Without the batch: as it is, or [channels, z, y, x]. */
  readonly shape: Shape;
}
export const array = (...shape: number[]): ParityInput => ({ kind: 'array', shape });
export const map = (...shape: [channels: number, z: number, y: number, x: number]): ParityInput => ({
  kind: 'map',
  shape,
});

type Weights = ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>;

export interface Outcome {
  /** Maps as [N, C, z, y, x]. */
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** max |a - b| / max |b| between ONNX Runtime and TensorFlow.js. */
export async function parity(
  test: ParityCase,
  {
    opset = 17,
    dtype = 'float32',
    batch = 1,
    fewWeights = 0,
    seed = 1,
  }: { opset?: Opset; dtype?: ElementType; batch?: number; fewWeights?: number; seed?: number } = {},
): Promise<number> {
  const random = generator(seed);
  const weights = drawWeights(test, random);
  const [low, high] = test.range ?? [-1, 1];
  const feeds = test.inputs.map(({ shape }) =>
    random(batch * volumeOf(shape), (u) => low + u * (high - low)),
  );
  const expected = await throughTensorFlow(test, batch, weights, feeds);
  const actual = await throughOnnx(test, batch, weights, feeds, { opset, dtype, fewWeights });
  return difference(actual, expected);
}

/** max |a - b| / max |b|. @throws when shapes differ, a number is not finite, or all are zero */
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

/** The case as a .onnx file: inputs in0, in1, ... -> out. */
export function exportCase(
  test: ParityCase,
  weights: Weights,
  options: { opset: Opset; dtype?: ElementType; fewWeights?: number },
): Uint8Array {
  const builder = new OnnxBuilder(options);
  const inputs = test.inputs.map((input, i) => builder.input(`in${i}`, formOf(input)));
  return builder.build({ out: test.run<Value>(builder, inputs, builder.parameterSource(weights)) });
}

/** Weights for what the case asks for, spread as its initialisers say, but never constant. */
export function drawWeights(test: ParityCase, random: Random = generator(1)): Weights {
  const weights = new Map<string, { shape: Shape; data: Float32Array }>();
  const source: ParameterSource<ShapeValue> = {
    get(name, shape, init) {
      weights.set(name, { shape, data: random(volumeOf(shape), (u) => spread(init, u)) });
      return arrayOf(shape);
    },
  };
  test.run(new ShapeOps(), test.inputs.map(formOf), source);
  return weights;
}

function spread(init: Initialiser, u: number): number {
  if (init.kind === 'constant') return init.value + (2 * u - 1) * 0.3;
  if (init.kind === 'normal') return (2 * u - 1) * init.std * Math.sqrt(3);
  if (init.kind === 'log-uniform-decay') return Math.log(init.low + u * (init.high - init.low));
  return Math.log(Math.expm1(Math.exp(Math.log(init.low) + u * Math.log(init.high / init.low))));
}

const formOf = ({ kind, shape }: ParityInput): ShapeValue => {
  if (kind === 'array') return arrayOf([1, ...shape]);
  const [channels, z, y, x] = shape as [number, number, number, number]; // `map` takes four
  return mapOf(1, channels, [z, y, x]);
};

async function throughTensorFlow(
  test: ParityCase,
  batch: number,
  weights: Weights,
  feeds: readonly Float32Array[],
): Promise<Outcome> {
  await tf.setBackend('cpu');
  const isMap =
    test.run(new ShapeOps(), test.inputs.map(formOf), { get: (_, shape) => arrayOf(shape) }).kind === 'map';
  const result = tf.tidy(() => {
    const inputs = test.inputs.map(({ kind, shape }, i) => {
      const tensor = tf.tensor(feeds[i]!, [batch, ...shape]);
      return kind === 'map' ? tf.transpose(tensor, [0, 2, 3, 4, 1]) : tensor;
    });
    const source: ParameterSource<tf.Tensor> = {
      get: (name, shape) => tf.tensor(weights.get(name)!.data, [...shape]),
    };
    const out = test.run<tf.Tensor>(new TensorOps(tf), inputs, source);
    return isMap ? tf.transpose(out, [0, 4, 1, 2, 3]) : out.clone();
  });
  const outcome = { shape: result.shape, data: Float32Array.from(await result.data()) };
  result.dispose();
  return outcome;
}

async function throughOnnx(
  test: ParityCase,
  batch: number,
  weights: Weights,
  feeds: readonly Float32Array[],
  model: { opset: Opset; dtype: ElementType; fewWeights: number },
): Promise<Outcome> {
  const options = { intraOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const session = await InferenceSession.create(exportCase(test, weights, model), options);
  const tensors = test.inputs.map(
    ({ shape }, i) => [`in${i}`, new Tensor('float32', feeds[i]!, [batch, ...shape])] as const,
  );
  const { out } = await session.run(Object.fromEntries(tensors));
  const outcome = { shape: out!.dims, data: out!.data as Float32Array }; // float32 is what the builder writes
  await session.release();
  return outcome;
}

const volumeOf = (shape: Shape) => shape.reduce((product, size) => product * size, 1);

export type Random = (count: number, value: (uniform: number) => number) => Float32Array;

/** xorshift32. */
export function generator(seed: number): Random {
  let state = (seed * 2654435761) | 1;
  return (count, value) =>
    Float32Array.from({ length: count }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return value((state >>> 0) / 2 ** 32);
    });
}

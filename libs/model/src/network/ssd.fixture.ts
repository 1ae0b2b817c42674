import type * as tfjs from '@tensorflow/tfjs';
import type { Tf, TensorOps } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import { uniform } from './small.fixture.ts';
import { CHUNK, ssd } from './ssd.ts';

/** [n, d, k, h heads of p channels], state s. */
export type Sizes = Readonly<Record<'n' | 'd' | 'k' | 'h' | 'p' | 's', number>>;
export type Name = 'x' | 'logDecay' | 'b' | 'c';
export const names: readonly Name[] = ['x', 'logDecay', 'b', 'c'];
export type Arrays = Readonly<Record<Name, Float32Array>>;
export type Tensors = Readonly<Record<Name, tfjs.Tensor>>;

export function draw({ n, d, k, h, p, s }: Sizes, decay: (random: Random) => number, seed = 1): Arrays {
  const random = new Random(seed);
  return {
    x: uniform([n, d, k, h * p], seed + 1),
    b: uniform([n, d, k, s], seed + 2),
    c: uniform([n, d, k, s], seed + 3),
    logDecay: Float32Array.from({ length: n * d * k * h }, () => decay(random)),
  };
}

/** The definition, token by token in float64: h_t = exp(a_t) h_{t-1} + B_t x_t^T, y_t = C_t h_t. */
export function recurrence({ x, logDecay, b, c }: Arrays, { n, d, k, h, p, s }: Sizes): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < n * d; row++)
    for (let head = 0; head < h; head++) {
      const state = new Float64Array(s * p);
      for (let t = row * k; t < (row + 1) * k; t++) {
        const kept = Math.exp(logDecay[t * h + head]!);
        for (let j = 0; j < p; j++) {
          const at = (t * h + head) * p + j;
          for (let i = 0; i < s; i++) {
            state[i * p + j] = kept * state[i * p + j]! + b[t * s + i]! * x[at]!;
            y[at]! += c[t * s + i]! * state[i * p + j]!;
          }
        }
      }
    }
  return y;
}

/**
 * Gradients of sum(w y), token by token in float64 and from the last to the first. With G_t the gradient by h_t,
 *
 *     G_t = C_t w_t^T + exp(a_{t+1}) G_{t+1}
 *     dx_t = G_t^T B_t    dB_t = G_t x_t    dC_t = h_t w_t    da_t = exp(a_t) sum(G_t o h_{t-1})
 */
export function recurrenceGradients(
  { x, logDecay, b, c }: Arrays,
  { n, d, k, h, p, s }: Sizes,
  w: Float32Array,
): Record<Name, Float64Array> {
  const [dx, da] = [new Float64Array(x.length), new Float64Array(logDecay.length)];
  const [db, dc] = [new Float64Array(b.length), new Float64Array(c.length)];
  const size = s * p;
  for (let row = 0; row < n * d; row++)
    for (let head = 0; head < h; head++) {
      const states = new Float64Array((k + 1) * size); // h_{-1} = 0 first
      for (let t = 0; t < k; t++) {
        const token = row * k + t;
        const kept = Math.exp(logDecay[token * h + head]!);
        for (let i = 0; i < s; i++)
          for (let j = 0; j < p; j++)
            states[(t + 1) * size + i * p + j] =
              kept * states[t * size + i * p + j]! + b[token * s + i]! * x[(token * h + head) * p + j]!;
      }
      const g = new Float64Array(size);
      for (let t = k - 1; t >= 0; t--) {
        const token = row * k + t;
        const kept = Math.exp(logDecay[token * h + head]!);
        for (let i = 0; i < s; i++)
          for (let j = 0; j < p; j++) {
            const [at, cell] = [(token * h + head) * p + j, i * p + j];
            g[cell]! += c[token * s + i]! * w[at]!;
            dx[at]! += g[cell]! * b[token * s + i]!;
            db[token * s + i]! += g[cell]! * x[at]!;
            dc[token * s + i]! += states[(t + 1) * size + cell]! * w[at]!;
            da[token * h + head]! += kept * g[cell]! * states[t * size + cell]!;
            g[cell]! *= kept;
          }
      }
    }
  return { x: dx, logDecay: da, b: db, c: dc };
}

export const tensorsOf = (tf: Tf, { x, logDecay, b, c }: Arrays, { n, d, k, h, p, s }: Sizes): Tensors => ({
  x: tf.tensor(x, [n, d, k, h * p]),
  logDecay: tf.tensor(logDecay, [n, d, k, h]),
  b: tf.tensor(b, [n, d, k, s]),
  c: tf.tensor(c, [n, d, k, s]),
});

export const scan = (ops: TensorOps, arrays: Arrays, sizes: Sizes, chunk = CHUNK): Float32Array =>
  ops.tf.tidy(() => ssd(ops, tensorsOf(ops.tf, arrays, sizes), chunk).dataSync() as Float32Array); // of float32

/** Gradients of sum(w y) of the scan. */
export function scanGradients(
  ops: TensorOps,
  arrays: Arrays,
  { sizes, w, chunk = CHUNK }: { sizes: Sizes; w: Float32Array; chunk?: number },
): Record<Name, Float32Array> {
  const { tf } = ops;
  return tf.tidy(() => {
    const { x, logDecay, b, c } = tensorsOf(tf, arrays, sizes);
    const weights = tf.tensor(w, x.shape);
    const all = tf.grads((x, logDecay, b, c) =>
      ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }, chunk).mul(weights).sum(),
    )([x, logDecay, b, c]);
    const read = (i: number) => all[i]!.dataSync() as Float32Array; // of float32
    return { x: read(0), logDecay: read(1), b: read(2), c: read(3) };
  });
}

/** Decays from one that keeps nothing to one that forgets nothing, in turn: running sums of their logarithms would cancel. */
export const extremes: readonly number[] = [-1e-6, -1, -50, -1e4, 0];
export const mixed = (random: Random): number => extremes[random.integer(extremes.length)]!;
export const mild = (random: Random): number => -3 * random.next() ** 4;
/** exp(a) of 0.999 to 1: what came a thousand tokens ago still counts. */
export const keeping = (random: Random): number => -1e-3 * random.next();
/** exp(a) under 1e-8: the state is forgotten at once. */
export const forgetting = (random: Random): number => -20 - 80 * random.next();

/**
 * Mamba-2's state space duality (Dao and Gu 2024, "Transformers are SSMs", section 6), as matrix products.
 *
 * The recurrence, per head with state S x P,
 *
 *     h_t = exp(a_t) h_{t-1} + B_t x_t^T        y_t = C_t h_t        (a_t <= 0, a scalar a head: Mamba-2's restriction)
 *
 * is never run token by token. The sequence is cut into chunks of `CHUNK`. Inside a chunk,
 * y = (L o C B^T) x with L[i, j] = exp(a_{j+1} + ... + a_i) for j <= i, else 0. Between chunks only the state at the
 * chunk's end matters, and these states obey the same recurrence with one step a chunk: `prefixStates` solves it in the
 * same way, and for more than `CHUNK` chunks cuts the chunks into chunks again. Cost stays linear in the length.
 *
 * **Segment sums** a_{j+1} + ... + a_i are one product with a constant 0/1 matrix [Q, Q * Q]. Differences of a running
 * sum would cancel (with strong decays the running sum reaches thousands, in float32), and `cumsum` is wrong or
 * slow in some engines. The product gives exactly 0 above the diagonal, so the exponential there is 1 and is masked by a
 * finite factor: no infinity ever meets a zero.
 */
import type { Ops } from '../ops/ops.ts';

export const CHUNK = 64;

export interface SsdInput<T> {
  /** [n, d, k, h * p]: n samples, d scan directions, k tokens, h heads of p channels; already multiplied by the step dt. */
  readonly x: T;
  /** [n, d, k, h]: a_t = dt * A, the logarithm of the decay, <= 0. */
  readonly logDecay: T;
  /** [n, d, k, s]: shared by the heads. */
  readonly b: T;
  /** [n, d, k, s]. */
  readonly c: T;
}

/** y [n, d, k, h * p] of the recurrence above. */
export function ssd<T>(ops: Ops<T>, { x, logDecay, b, c }: SsdInput<T>, chunk = CHUNK): T {
  const [n, d, k, width] = ops.shapeOf(x) as [number, number, number, number]; // documented shape
  const h = ops.shapeOf(logDecay)[3]!;
  const s = ops.shapeOf(b)[3]!;
  const p = width / h;
  const q = Math.min(chunk, k);
  const chunks = Math.ceil(k / q);
  const groups = d * chunks;
  const padded = (t: T) => ops.pad(t, 2, 0, chunks * q - k);

  const xs = ops.reshape(padded(x), [n, groups, q, h, p]);
  const bs = ops.reshape(padded(b), [n, groups, q, s]);
  const cs = ops.reshape(padded(c), [n, groups, q, s]);
  // padding has logDecay 0 (decay 1) and x 0: it changes no state and its outputs are cut off
  const decay = ops.transpose(ops.reshape(padded(logDecay), [n, groups, q, h]), [0, 1, 3, 2]); // [n, g, h, q]

  // inside chunks
  const segments = ops.exp(ops.reshape(ops.dense(decay, segmentSums(ops, q)), [n, groups, h, q, q]));
  const scores = ops.multiply(ops.matmul(cs, bs, { transposeB: true }), lowerTriangle(ops, q)); // [n, g, q, q]
  const mixing = ops.multiply(segments, ops.reshape(scores, [n, groups, 1, q, q]));
  const xHeads = ops.transpose(xs, [0, 1, 3, 2, 4]); // [n, g, h, q, p]
  const within = ops.matmul(mixing, xHeads); // [n, g, h, q, p]
  if (chunks === 1) return gather(within);

  // the state each chunk leaves behind: sum over j of exp(a_{j+1} + ... + a_end) B_j x_j^T, [n, g, s, h * p]
  const toEnd = ops.exp(ops.dense(decay, suffixSums(ops, q))); // [n, g, h, q]
  const decayed = ops.multiply(xs, ops.reshape(ops.transpose(toEnd, [0, 1, 3, 2]), [n, groups, q, h, 1]));
  const left = ops.matmul(bs, ops.reshape(decayed, [n, groups, q, h * p]), { transposeA: true });
  const states = ops.transpose(ops.reshape(left, [n, d, chunks, s, h, p]), [0, 1, 4, 2, 3, 5]);
  const total = ops.reshape(ops.sum(decay, 3), [n, d, chunks, h]);
  const entering = prefixStates(
    ops,
    ops.reshape(states, [n, d, h, chunks, s * p]),
    ops.transpose(total, [0, 1, 3, 2]),
    chunk,
  ); // [n, d, h, chunks, s * p]

  // what the state entering a chunk adds: exp(a_1 + ... + a_i) C_i h
  const arranged = ops.transpose(ops.reshape(entering, [n, d, h, chunks, s, p]), [0, 1, 3, 4, 2, 5]);
  const carried = ops.matmul(cs, ops.reshape(arranged, [n, groups, s, h * p])); // [n, g, q, h * p]
  const fromStart = ops.exp(ops.dense(decay, prefixSums(ops, q))); // [n, g, h, q]
  const carriedHeads = ops.transpose(ops.reshape(carried, [n, groups, q, h, p]), [0, 1, 3, 2, 4]);
  return gather(ops.add(within, ops.multiply(carriedHeads, ops.reshape(fromStart, [n, groups, h, q, 1]))));

  function gather(y: T): T {
    const ordered = ops.reshape(ops.transpose(y, [0, 1, 3, 2, 4]), [n, d, chunks * q, h * p]);
    return chunks * q === k ? ordered : ops.slice(ordered, 2, 0, k);
  }
}

/**
 * The state that enters each step: out[c] = sum over c' < c of exp(decay_{c'+1} + ... + decay_{c-1}) states[c'].
 * @param states [n, d, h, c, f]
 * @param decay [n, d, h, c], logarithms
 */
export function prefixStates<T>(ops: Ops<T>, states: T, decay: T, chunk = CHUNK): T {
  const [n, d, h, count, features] = ops.shapeOf(states) as [number, number, number, number, number];
  const q = Math.min(chunk, count);
  const groups = Math.ceil(count / q);
  const rows = d * h * groups;
  const s = ops.reshape(ops.pad(states, 3, 0, groups * q - count), [n, rows, q, features]);
  const a = ops.reshape(ops.pad(decay, 3, 0, groups * q - count), [n, rows, q]);

  const weights = ops.exp(ops.reshape(ops.dense(a, exclusiveSegmentSums(ops, q)), [n, rows, q, q]));
  const local = ops.matmul(ops.multiply(weights, strictLowerTriangle(ops, q)), s);
  if (groups === 1) return ops.reshape(local, [n, d, h, count, features]);

  const toEnd = ops.reshape(ops.exp(ops.dense(a, suffixSums(ops, q))), [n, rows, 1, q]);
  const left = ops.reshape(ops.matmul(toEnd, s), [n, d, h, groups, features]);
  const total = ops.reshape(ops.sum(a, 2), [n, d, h, groups]);
  const entering = ops.reshape(prefixStates(ops, left, total, chunk), [n, rows, 1, features]);
  const fromStart = ops.reshape(ops.exp(ops.dense(a, exclusivePrefixSums(ops, q))), [n, rows, q, 1]);
  const out = ops.reshape(ops.add(local, ops.multiply(fromStart, entering)), [n, d, h, groups * q, features]);
  return groups * q === count ? out : ops.slice(out, 3, 0, count);
}

// ---- constant matrices; memoised so that an engine uploads, and an ONNX file stores, each once -------------------

const table = new Map<string, Float32Array>();
function matrix(name: string, q: number, columns: number, value: (row: number, column: number) => boolean) {
  const key = `${name} ${q}`;
  let values = table.get(key);
  if (!values) {
    values = new Float32Array(q * columns);
    for (let i = 0, r = 0; r < q; r++) for (let c = 0; c < columns; c++, i++) values[i] = value(r, c) ? 1 : 0;
    table.set(key, values);
  }
  return values;
}

/** [q, q * q]: column i * q + j sums k with j < k <= i. */
const segmentSums = <T>(ops: Ops<T>, q: number): T =>
  ops.constant(
    matrix('segment', q, q * q, (k, c) => c % q < k && k <= Math.floor(c / q)),
    [q, q * q],
  );
/** [q, q * q]: column i * q + j sums k with j < k < i. */
const exclusiveSegmentSums = <T>(ops: Ops<T>, q: number): T =>
  ops.constant(
    matrix('exclusive segment', q, q * q, (k, c) => c % q < k && k < Math.floor(c / q)),
    [q, q * q],
  );
/** [q, q]: column j sums k > j. */
const suffixSums = <T>(ops: Ops<T>, q: number): T =>
  ops.constant(
    matrix('suffix', q, q, (k, j) => k > j),
    [q, q],
  );
/** [q, q]: column i sums k <= i. */
const prefixSums = <T>(ops: Ops<T>, q: number): T =>
  ops.constant(
    matrix('prefix', q, q, (k, i) => k <= i),
    [q, q],
  );
/** [q, q]: column i sums k < i. */
const exclusivePrefixSums = <T>(ops: Ops<T>, q: number): T =>
  ops.constant(
    matrix('exclusive prefix', q, q, (k, i) => k < i),
    [q, q],
  );
/** [1, 1, q, q]: 1 where column <= row. */
const lowerTriangle = <T>(ops: Ops<T>, q: number): T =>
  ops.constant(
    matrix('lower', q, q, (i, j) => j <= i),
    [1, 1, q, q],
  );
/** [1, 1, q, q]: 1 where column < row. */
const strictLowerTriangle = <T>(ops: Ops<T>, q: number): T =>
  ops.constant(
    matrix('strict lower', q, q, (i, j) => j < i),
    [1, 1, q, q],
  );

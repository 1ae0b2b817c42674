/** Multi-head attention (Vaswani et al. 2017, section 3.2), over other values and over oneself. */
import type { Ops } from '../ops/ops.ts';
import { linear } from './layers.ts';
import { scoped, type ParameterSource } from './parameters.ts';
import { segment } from './segment.ts';

/** Queries [n, l, c] attend over memory [n, m, c] -> [n, l, c]. `heads` divides c. */
export function crossAttention<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  queries: T,
  memory: T,
  heads: number,
): T {
  const channels = ops.shapeOf(queries).at(-1)!;
  const q = splitHeads(ops, projection(ops, p, 'query', queries), heads);
  const k = splitHeads(ops, projection(ops, p, 'key', memory), heads);
  const v = splitHeads(ops, projection(ops, p, 'value', memory), heads);
  const scale = ops.constant(attentionScale(channels / heads), [1]);
  const weights = ops.softmax(ops.multiply(ops.matmul(q, k, { transposeB: true }), scale));
  return projection(ops, p, 'output', joinHeads(ops, ops.matmul(weights, v)));
}

/** Scores a sample may hold at once in `selfAttention`, in numbers: 128 MB of float32. */
const SCORES_AT_ONCE = 2 ** 25;

/**
 * Every token attends over all: [n, k, c] -> [n, k, c]. Queries and keys are made of `placed`, values of `values`.
 *
 * **Quadratic in the tokens**: 2 k^2 c multiply-adds, and k^2 scores a head. The scores are never held at once: a
 * softmax needs one row of them, so the queries go through in blocks of rows with at most `atOnce` scores a sample, which
 * changes no result. Each block is a segment, so that training with recomputation holds the scores of one block too;
 * training without it keeps all k^2 of them for the gradient.
 */
export function selfAttention<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  { placed, values }: { placed: T; values: T },
  heads: number,
  atOnce = SCORES_AT_ONCE,
): T {
  const [, count, channels] = ops.shapeOf(placed) as [number, number, number]; // documented shape
  const scale = ops.constant(attentionScale(channels / heads), [1]);
  const q = ops.multiply(splitHeads(ops, projection(ops, p, 'query', placed), heads), scale);
  const k = splitHeads(ops, projection(ops, p, 'key', placed), heads);
  const v = splitHeads(ops, projection(ops, p, 'value', values), heads);
  const blocks = Math.min(count, Math.ceil((heads * count * count) / atOnce));
  const rows = Math.ceil(count / blocks);
  const mixed: T[] = [];
  for (let start = 0; start < count; start += rows) {
    const block = blocks === 1 ? q : ops.slice(q, 2, start, Math.min(rows, count - start));
    mixed.push(
      segment(ops, p, [block, k, v], (_, [query, key, value]) => {
        const scores = ops.matmul(query as T, key as T, { transposeB: true });
        return [ops.matmul(ops.softmax(scores), value as T)];
      })[0] as T, // three in, one out
    );
  }
  const all = mixed.length === 1 ? (mixed[0] as T) : ops.concat(mixed, 2);
  return projection(ops, p, 'output', joinHeads(ops, all));
}

const projection = <T>(ops: Ops<T>, p: ParameterSource<T>, name: string, x: T): T =>
  linear(ops, scoped(p, name), x, ops.shapeOf(x).at(-1)!, { bias: false });

/** [n, l, c] -> [n, heads, l, c / heads]. */
function splitHeads<T>(ops: Ops<T>, x: T, heads: number): T {
  const [n, l, c] = ops.shapeOf(x) as [number, number, number]; // documented shape
  return ops.transpose(ops.reshape(x, [n, l, heads, c / heads]), [0, 2, 1, 3]);
}

/** The inverse of `splitHeads`. */
function joinHeads<T>(ops: Ops<T>, x: T): T {
  const [n, heads, l, c] = ops.shapeOf(x) as [number, number, number, number]; // documented shape
  return ops.reshape(ops.transpose(x, [0, 2, 1, 3]), [n, l, heads * c]);
}

/** 1 / sqrt(width), one array a width: see `sinusoids`. */
function attentionScale(width: number): Float32Array {
  let scale = scales.get(width);
  if (!scale) scales.set(width, (scale = Float32Array.of(1 / Math.sqrt(width))));
  return scale;
}
const scales = new Map<number, Float32Array>();

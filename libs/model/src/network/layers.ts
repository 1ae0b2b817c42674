import type { Ops } from '../ops/ops.ts';
import { lecun, ones, zeros, scoped, type Initialiser, type ParameterSource } from './parameters.ts';

/** x W + b over the last axis. */
export function linear<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  x: T,
  width: number,
  options: { bias?: boolean; init?: Initialiser } = {},
): T {
  const fanIn = ops.shapeOf(x).at(-1)!;
  const out = ops.dense(x, p.get('weight', [fanIn, width], options.init ?? lecun(fanIn)));
  return options.bias === false ? out : ops.add(out, p.get('bias', [width], zeros));
}

/** Root-mean-square norm over the last axis (Zhang and Sennrich 2019). */
export function rmsNorm<T>(ops: Ops<T>, p: ParameterSource<T>, x: T): T {
  const width = ops.shapeOf(x).at(-1)!;
  const epsilon = ops.constant(EPSILON, [1]);
  const scale = ops.sqrt(ops.add(ops.meanLast(ops.multiply(x, x)), epsilon));
  return ops.multiply(ops.divide(x, scale), p.get('gain', [width], ones));
}
const EPSILON = Float32Array.of(1e-5);

/** x * sigmoid(x). */
export const silu = <T>(ops: Ops<T>, x: T): T => ops.multiply(x, ops.sigmoid(x));

/** Pre-normalised two-layer perceptron with a residual. */
export function feedForward<T>(ops: Ops<T>, p: ParameterSource<T>, x: T, expand = 2): T {
  const width = ops.shapeOf(x).at(-1)!;
  const hidden = linear(ops, scoped(p, 'up'), rmsNorm(ops, scoped(p, 'norm'), x), width * expand);
  return ops.add(x, linear(ops, scoped(p, 'down'), silu(ops, hidden), width));
}

/**
 * A Mamba-2 layer over the voxels of a map, scanned in three orders.
 *
 * Raster and reversed raster order see what lies before and after; the inter-section order (z fastest) puts neighbours
 * along z, which are a whole section apart in raster order, next to each other. The projections are shared by the
 * orders; convolution, step, decay and skip are learned per order, and learned weights merge the three results.
 */
import type { Ops, Vec3 } from '../ops/ops.ts';
import { linear, rmsNorm, silu } from './layers.ts';
import { ones, scoped, zeros, type ParameterSource } from './parameters.ts';
import type { Preset } from './presets.ts';
import { ssd } from './ssd.ts';

const ORDERS = 3;

export function mambaLayer<T>(ops: Ops<T>, p: ParameterSource<T>, map: T, options: Preset['mamba']): T {
  const { batch: n, channels, space } = ops.mapShape(map);
  const { state, headChannels, expand, convolutionWidth } = options;
  const inner = channels * expand;
  const heads = inner / headChannels;
  const mixed = inner + 2 * state;

  const tokens = ops.toTokens(map);
  const k = ops.shapeOf(tokens)[1]!;
  const normal = rmsNorm(ops, scoped(p, 'norm'), tokens);
  const gate = linear(ops, scoped(p, 'gate'), normal, inner, { bias: false });
  const projected = linear(ops, scoped(p, 'input'), normal, mixed + heads, { bias: false });
  const scanned = inThreeOrders(ops, projected, space); // [n, 3, k, mixed + heads]

  const convolved = causalConvolution(
    ops,
    scoped(p, 'convolution'),
    ops.slice(scanned, 3, 0, mixed),
    convolutionWidth,
  );
  const active = silu(ops, convolved);
  const x = ops.slice(active, 3, 0, inner);
  const b = ops.slice(active, 3, inner, state);
  const c = ops.slice(active, 3, inner + state, state);

  const stepBias = p.get('step.bias', [1, ORDERS, 1, heads], {
    kind: 'inverse-softplus',
    low: 1e-3,
    high: 1e-1,
  });
  const step = ops.softplus(ops.add(ops.slice(scanned, 3, mixed, heads), stepBias));
  const rate = ops.exp(
    p.get('decay.log', [1, ORDERS, 1, heads], { kind: 'log-uniform-decay', low: 1, high: 16 }),
  );
  const logDecay = ops.multiply(ops.multiply(step, rate), ops.constant(MINUS_ONE, [1]));

  const byHead = (t: T) => ops.reshape(t, [n, ORDERS, k, heads, headChannels]);
  const flat = (t: T) => ops.reshape(t, [n, ORDERS, k, inner]);
  const stepped = flat(ops.multiply(byHead(x), ops.reshape(step, [n, ORDERS, k, heads, 1])));
  const y = ssd(ops, { x: stepped, logDecay, b, c });
  const skip = p.get('skip', [1, ORDERS, 1, inner], ones);
  const scans = ops.add(y, ops.multiply(x, skip));

  const weights = p.get('merge', [1, ORDERS, 1, inner], { kind: 'constant', value: 1 / ORDERS });
  const merged = mergeOrders(ops, ops.multiply(scans, weights), space);
  const gated = rmsNorm(ops, scoped(p, 'output.norm'), ops.multiply(merged, silu(ops, gate)));
  const out = linear(ops, scoped(p, 'output'), gated, channels, { bias: false });
  return ops.fromTokens(ops.add(tokens, out), space);
}
const MINUS_ONE = Float32Array.of(-1);

/** [n, k, f] in raster order -> [n, 3, k, f]: raster, reversed raster, inter-section. */
export function inThreeOrders<T>(ops: Ops<T>, x: T, [z, y, w]: Vec3): T {
  const [n, k, f] = ops.shapeOf(x) as [number, number, number]; // documented shape
  const order = (t: T) => ops.reshape(t, [n, 1, k, f]);
  const sections = ops.transpose(ops.reshape(x, [n, z, y * w, f]), [0, 2, 1, 3]);
  return ops.concat([order(x), order(ops.reverse(x, 1)), order(ops.reshape(sections, [n, k, f]))], 1);
}

/** The inverse of `inThreeOrders`, summed. */
export function mergeOrders<T>(ops: Ops<T>, x: T, [z, y, w]: Vec3): T {
  const [n, , k, f] = ops.shapeOf(x) as [number, number, number, number]; // documented shape
  const order = (index: number) => ops.reshape(ops.slice(x, 1, index, 1), [n, k, f]);
  const sections = ops.transpose(ops.reshape(order(2), [n, y * w, z, f]), [0, 2, 1, 3]);
  return ops.add(ops.add(order(0), ops.reverse(order(1), 1)), ops.reshape(sections, [n, k, f]));
}

/** A short causal convolution along the scan, one filter a channel and order: shifts and products, not a grouped conv. */
function causalConvolution<T>(ops: Ops<T>, p: ParameterSource<T>, x: T, width: number): T {
  const [, , k, f] = ops.shapeOf(x) as [number, number, number, number]; // documented shape
  const padded = ops.pad(x, 2, width - 1, 0);
  let sum = p.get('bias', [1, ORDERS, 1, f], zeros);
  for (let tap = 0; tap < width; tap++) {
    const weight = p.get(`weight${tap}`, [1, ORDERS, 1, f], { kind: 'normal', std: Math.sqrt(1 / width) });
    sum = ops.add(ops.multiply(ops.slice(padded, 2, tap, k), weight), sum);
  }
  return sum;
}

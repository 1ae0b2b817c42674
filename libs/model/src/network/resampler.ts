/**
 * Perceiver resampler (Alayrac et al. 2022, Flamingo, section 3.1.1): a few learned latents attend over the features
 * *and* themselves, layer by layer, so that any number of tokens becomes `latents` visual tokens.
 */
import type { Ops, Vec3 } from '../ops/ops.ts';
import { feedForward, linear, rmsNorm } from './layers.ts';
import { scoped, type ParameterSource } from './parameters.ts';
import { sinusoids } from './positions.ts';
import type { Preset } from './presets.ts';
import { segment } from './segment.ts';

/** Features (a map) -> visual tokens [n, latents, channels]. */
export function resample<T>(ops: Ops<T>, p: ParameterSource<T>, map: T, options: Preset['resampler']): T {
  const { channels, space } = ops.mapShape(map);
  const count = space[0] * space[1] * space[2];
  const features = ops.add(ops.toTokens(map), ops.constant(sinusoids(space, channels), [1, count, channels]));
  const learned = p.get('latents', [1, options.latents, channels], { kind: 'normal', std: 1 });
  let latents = ops.repeatBatch(learned, features);
  for (let layer = 0; layer < options.layers; layer++) {
    latents = segment(ops, scoped(p, `layer${layer}`), [latents, features], (at, [own, seen]) => {
      const queries = rmsNorm(ops, scoped(at, 'latent.norm'), own as T);
      const memory = ops.concat([rmsNorm(ops, scoped(at, 'feature.norm'), seen as T), queries], 1);
      const attended = crossAttention(ops, scoped(at, 'attention'), queries, memory, options.heads);
      return [feedForward(ops, scoped(at, 'feed'), ops.add(own as T, attended))];
    })[0] as T; // two in, one out
  }
  return latents;
}

/**
 * The voxels of one token from the visual tokens: a query made of the token's position attends over them.
 * @param position [n, 1, tokens], one-hot: which token of the crop is asked for
 * @returns [n, voxels of a token]
 */
export function nextTokenHead<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  latents: T,
  position: T,
  options: { grid: Vec3; tokenVoxels: number; heads: number },
): T {
  const [n, , channels] = ops.shapeOf(latents) as [number, number, number]; // [n, latents, channels]
  const { grid, tokenVoxels } = options;
  const places = ops.constant(sinusoids(grid, channels), [grid[0] * grid[1] * grid[2], channels]);
  const query = linear(ops, scoped(p, 'query'), ops.dense(position, places), channels);
  const memory = rmsNorm(ops, scoped(p, 'norm'), latents);
  const found = ops.add(query, crossAttention(ops, scoped(p, 'attention'), query, memory, options.heads));
  const mixed = feedForward(ops, scoped(p, 'feed'), found);
  return ops.reshape(
    linear(ops, scoped(p, 'voxels'), mixed, tokenVoxels, { init: { kind: 'normal', std: 0.02 } }),
    [n, tokenVoxels],
  );
}

/** Multi-head attention of queries [n, l, c] over memory [n, m, c]. */
function crossAttention<T>(ops: Ops<T>, p: ParameterSource<T>, queries: T, memory: T, heads: number): T {
  const [n, l, c] = ops.shapeOf(queries) as [number, number, number]; // documented shape
  const split = (t: T, length: number) =>
    ops.transpose(ops.reshape(t, [n, length, heads, c / heads]), [0, 2, 1, 3]);
  const m = ops.shapeOf(memory)[1]!;
  const q = split(linear(ops, scoped(p, 'query'), queries, c, { bias: false }), l);
  const k = split(linear(ops, scoped(p, 'key'), memory, c, { bias: false }), m);
  const v = split(linear(ops, scoped(p, 'value'), memory, c, { bias: false }), m);
  const scale = ops.constant(attentionScale(c / heads), [1]);
  const weights = ops.softmax(ops.multiply(ops.matmul(q, k, { transposeB: true }), scale));
  const mixed = ops.reshape(ops.transpose(ops.matmul(weights, v), [0, 2, 1, 3]), [n, l, c]);
  return linear(ops, scoped(p, 'output'), mixed, c, { bias: false });
}

/** 1 / sqrt(width), one array a width: see `sinusoids`. */
function attentionScale(width: number): Float32Array {
  let scale = scales.get(width);
  if (!scale) scales.set(width, (scale = Float32Array.of(1 / Math.sqrt(width))));
  return scale;
}
const scales = new Map<number, Float32Array>();

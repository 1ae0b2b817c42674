/**
 * Perceiver resampler (Alayrac et al. 2022, Flamingo, section 3.1.1 and figure 5): a few learned latents attend over the
 * features *and* themselves, layer by layer, so that any number of tokens becomes `latents` visual tokens.
 *
 *     features = flatten(map) + positions
 *     for each layer:  latents += attention(q = latents, kv = [features, latents]);  latents += feedForward(latents)
 *
 * As there: layers share nothing, no bias in the attention's projections, the latents are normalised before they serve as
 * queries and as keys, the features by a norm of their own in every layer. Not as there: positions are sinusoids of the
 * three axes instead of learned times of frames, norms are root-mean-square, the feed-forward's activation is SiLU
 * instead of a squared rectifier, as everywhere in this network.
 */
import type { Ops, Vec3 } from '../ops/ops.ts';
import { crossAttention } from './attention.ts';
import { feedForward, linear, rmsNorm } from './layers.ts';
import { scoped, type ParameterSource } from './parameters.ts';
import { sinusoids } from './positions.ts';
import type { Preset } from './preset.ts';
import { segment } from './segment.ts';

/**
 * Features (a map of c channels, any size) -> visual tokens [n, latents, c].
 * @param options `heads` divides c
 */
export function resample<T>(ops: Ops<T>, p: ParameterSource<T>, map: T, options: Preset['resampler']): T {
  const { channels, space } = ops.mapShape(map);
  const count = space[0] * space[1] * space[2];
  const features = ops.add(ops.toTokens(map), ops.constant(sinusoids(space, channels), [1, count, channels]));
  return perceive(ops, p, features, options);
}

/**
 * `resample` after its first line: features [n, m, c] that carry their positions -> visual tokens [n, latents, c].
 * A function of the *set* of features: their order changes nothing but rounding.
 */
export function perceive<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  features: T,
  options: Preset['resampler'],
): T {
  const channels = ops.shapeOf(features).at(-1)!;
  const learned = p.get('latents', [1, options.latents, channels], { kind: 'normal', std: 1 });
  let latents = ops.repeatBatch(learned, features);
  for (let layer = 0; layer < options.layers; layer++) {
    latents = segment(ops, scoped(p, `layer${layer}`), [latents, features], (at, [own, seen]) => {
      const queries = rmsNorm(ops, scoped(at, 'latent.norm'), own as T);
      const memory = ops.concat([rmsNorm(ops, scoped(at, 'feature.norm'), seen as T), queries], 1);
      const attended = crossAttention(ops, scoped(at, 'attention'), queries, memory, options.heads);
      return [feedForward(ops, scoped(at, 'feed'), ops.add(own as T, attended), options.expand)];
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

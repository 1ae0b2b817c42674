import type { Ops } from '../ops/ops.ts';
import { selfAttention } from './attention.ts';
import { feedForward, rmsNorm } from './layers.ts';
import { scoped, type ParameterSource } from './parameters.ts';
import { sinusoids } from './positions.ts';
import type { Preset } from './preset.ts';

/**
 * A pre-norm Transformer layer over the voxels of a map (Dosovitskiy et al. 2021, section 3.1): what stands where a
 * Mamba layer does, so that the method's two columns can be compared. Map in, map of the same shape out.
 *
 *     x' = x + attention(norm(x))        x'' = x' + feedForward(norm(x'))
 *
 * Attention has no order of its own: queries and keys carry the sinusoidal position of their voxel, in every layer,
 * since a stage has no place before its first layer where they could be added once. Norms are root-mean-square as in
 * the Mamba layers, and the feed-forward's activation is SiLU.
 *
 * Time is **quadratic in the voxels of the map**, 2 k^2 c multiply-adds beside the linear (4 + 2 expand) k c^2 of the
 * projections: at half resolution of a crop of 16 x 160 x 160, k = 51,200. See `selfAttention` for memory.
 */
export function transformerLayer<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  map: T,
  options: NonNullable<Preset['transformer']>,
  scoresAtOnce?: number,
): T {
  const { channels, space } = ops.mapShape(map);
  const tokens = ops.toTokens(map);
  const count = space[0] * space[1] * space[2];
  const normal = rmsNorm(ops, scoped(p, 'norm'), tokens);
  const places = ops.constant(sinusoids(space, channels), [1, count, channels]);
  const heads = channels / options.headChannels;
  const input = { placed: ops.add(normal, places), values: normal };
  const attended = selfAttention(ops, scoped(p, 'attention'), input, heads, scoresAtOnce);
  const out = feedForward(ops, scoped(p, 'feed'), ops.add(tokens, attended), options.expand);
  return ops.fromTokens(out, space);
}

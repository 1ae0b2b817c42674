/**
 * TokenUnify (Chen et al. 2024, figure 2): stem -> stages of {down-sampling, gated spatial convolution, Mamba layers}
 * -> decoder with a skip connection at every scale -> heads. The voxel head restores hidden voxels (random and next-all),
 * the resampler and its head predict one token (next), the affinity head replaces the voxel head for fine-tuning.
 */
import type { Ops, Vec3 } from '../ops/ops.ts';
import { convolution } from './convolution.ts';
import { decode } from './decoder.ts';
import { encode } from './encoder.ts';
import { scoped, type ParameterSource } from './parameters.ts';
import type { Preset } from './preset.ts';
import { nextTokenHead, resample } from './resampler.ts';

const pointwise: Vec3 = [1, 1, 1];

/** Every voxel of the crop, restored: a map with one channel, in the input's units. */
export function voxelHead<T>(ops: Ops<T>, p: ParameterSource<T>, features: T): T {
  return convolution(ops, scoped(p, 'voxels'), features, { width: 1, kernel: pointwise });
}

/** Logits of the three nearest-neighbour affinities: a map with channels (z, y, x). */
export function affinityHead<T>(ops: Ops<T>, p: ParameterSource<T>, features: T): T {
  return convolution(ops, scoped(p, 'affinities'), features, { width: 3, kernel: pointwise });
}

export interface PretrainingOutputs<T> {
  /** Map [n, 1, crop]: every voxel. */
  readonly voxels: T;
  /** [n, voxels of a token]: the token that `position` asks for. */
  readonly token: T;
}

/**
 * Both predictions from one pass.
 * @param position [n, 1, tokens], one-hot
 */
export function pretrainingForward<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  preset: Preset,
  crop: T,
  position: T,
): PretrainingOutputs<T> {
  const maps = encode(ops, p, preset, crop);
  const { space } = ops.mapShape(crop);
  const voxels = voxelHead(ops, p, decode(ops, p, preset, maps));
  const latents = resample(ops, scoped(p, 'resampler'), maps[maps.length - 1] as T, preset.resampler);
  const { token } = preset;
  const grid: Vec3 = [space[0] / token[0], space[1] / token[1], space[2] / token[2]];
  const predicted = nextTokenHead(ops, scoped(p, 'next'), latents, position, {
    grid,
    tokenVoxels: token[0] * token[1] * token[2],
    heads: preset.resampler.heads,
  });
  return { voxels, token: predicted };
}

/** Logits of the affinities of a crop. */
export function affinityForward<T>(ops: Ops<T>, p: ParameterSource<T>, preset: Preset, crop: T): T {
  return affinityHead(ops, p, decode(ops, p, preset, encode(ops, p, preset, crop)));
}

/**
 * Three objectives, one loss. Every crop of a batch becomes one row with random tokens hidden and one row with a prefix
 * kept; both go through the network together. Hidden tokens are zeroed in voxel space *before* every operation, so no
 * convolution, norm or scan can see them; the loss counts hidden tokens only.
 */
import type * as tfjs from '@tensorflow/tfjs';
import { ModelError } from '../errors.ts';
import { pretrainingForward, type PretrainingOutputs } from '../network/network.ts';
import type { ParameterSource } from '../network/parameters.ts';
import { tokenGrid, type Preset } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { TensorOps } from '../ops/tensor-ops.ts';
import type { Random } from '../random.ts';
import type { ObjectiveWeights } from './curriculum.ts';
import { drawPrefix, hideRandom, keepPrefix, tokenVoxels, voxelsOf } from './hiding.ts';
import { visibleUnits } from './visible-units.ts';

/** One sample as the network sees it, and what it must predict. */
export interface HiddenCrop {
  readonly crop: Float32Array;
  /** 1 where visible, per voxel. */
  readonly visible: Float32Array;
  /** The token asked of the next head; -1 when the objective does not ask. */
  readonly next: number;
}

export interface PretrainingBatch {
  readonly space: Vec3;
  readonly rows: readonly HiddenCrop[];
}

/** Share of tokens hidden by the random objective, as in masked autoencoders for EM. */
export const RANDOM_SHARE = 0.5;

/**
 * Hides tokens of fresh crops for the objectives that have a weight.
 * @throws ModelError `model/shape` when a crop is a single token: one must be hidden and one seen
 */
export function hideTokens(
  preset: Preset,
  crops: readonly Float32Array[],
  space: Vec3,
  weights: ObjectiveWeights,
  random: Random,
): PretrainingBatch {
  const grid = tokenGrid(preset, space);
  if (grid[0] * grid[1] * grid[2] < 2)
    throw new ModelError(
      'model/shape',
      `Crop [${space.join(', ')}] is one token of preset '${preset.name}', of which nothing could stay visible; use a crop of two tokens or more.`,
    );
  const rows: HiddenCrop[] = [];
  if (weights.random > 0)
    for (const crop of crops)
      rows.push({
        crop,
        visible: voxelsOf(hideRandom(grid, RANDOM_SHARE, random), grid, preset.token),
        next: -1,
      });
  if (weights.next > 0 || weights.nextAll > 0)
    for (const crop of crops) {
      const kept = drawPrefix(grid, random);
      rows.push({ crop, visible: voxelsOf(keepPrefix(grid, kept), grid, preset.token), next: kept });
    }
  return { space, rows };
}

/**
 * The predictions for a batch, from visible voxels alone, in grey values (`visibleUnits`). Call inside `tf.tidy` or
 * `variableGrads`.
 * @returns voxels [n, z, y, x, 1] of every crop and token [n, voxels of a token], the one each row asks for; the crops and
 *   their visible voxels (1 or 0), of the shape of `voxels`
 */
export function predictHidden(
  ops: TensorOps,
  p: ParameterSource<tfjs.Tensor>,
  preset: Preset,
  { space, rows }: PretrainingBatch,
): PretrainingOutputs<tfjs.Tensor> & { readonly crop: tfjs.Tensor; readonly visible: tfjs.Tensor } {
  const { tf } = ops;
  const n = rows.length;
  const stack = (pick: (row: HiddenCrop) => Float32Array) => {
    const size = space[0] * space[1] * space[2];
    const all = new Float32Array(n * size);
    rows.forEach((row, i) => all.set(pick(row), i * size));
    return tf.tensor5d(all, [n, ...space, 1]);
  };
  const grid = tokenGrid(preset, space);
  const tokens = grid[0] * grid[1] * grid[2];
  const position = new Float32Array(n * tokens);
  rows.forEach(({ next }, i) => next >= 0 && (position[i * tokens + next] = 1));
  const crop = stack((row) => row.crop);
  const visible = stack((row) => row.visible);
  const asked = tf.tensor3d(position, [n, 1, tokens]);
  const said = pretrainingForward(ops, p, preset, tf.mul(crop, visible), asked);
  const units = rows.map(visibleUnits);
  const inGrey = (what: tfjs.Tensor): tfjs.Tensor => {
    const perRow = [n, ...what.shape.slice(1).fill(1)];
    const of = (unit: 'mean' | 'spread') =>
      tf.tensor(
        units.map((row) => row[unit]),
        perRow,
      );
    return tf.add(tf.mul(what, of('spread')), of('mean'));
  };
  return { voxels: inGrey(said.voxels), token: inGrey(said.token), crop, visible };
}

/** Mean squared errors of grey values in [0, 1]; 0 for an objective without a row. */
export interface PretrainingLoss {
  /** Sum of the three, weighted: what is minimised. */
  readonly total: tfjs.Scalar;
  readonly random: tfjs.Scalar;
  readonly next: tfjs.Scalar;
  readonly nextAll: tfjs.Scalar;
}

/**
 * The loss of TokenUnify (arXiv 2405.16847): total = sum of w_i L_i over
 *
 *     L_random  = mean over voxels v that random tokens hide        (x_v - y_v)^2      y: the voxel head
 *     L_next    = mean over crops, over voxels j of token n         (x_nj - z_j)^2     z: the resampler's head
 *     L_nextAll = mean over voxels v of token n and all later ones  (x_v - y_v)^2      n tokens are seen
 *
 * Means are over the voxels of all rows, so that every hidden voxel counts alike. Call inside `tf.tidy` or
 * `variableGrads`.
 * @param batch crops of grey values x in [0, 1], from `hideTokens`
 */
export function pretrainingLoss(
  ops: TensorOps,
  p: ParameterSource<tfjs.Tensor>,
  preset: Preset,
  batch: PretrainingBatch,
  weights: ObjectiveWeights,
): PretrainingLoss {
  const { tf } = ops;
  const { rows, space } = batch;
  const n = rows.length;
  const grid = tokenGrid(preset, space);
  const { crop, visible, ...outputs } = predictHidden(ops, p, preset, batch);

  const hidden = tf.sub(1, visible);
  const squared = tf.mul(tf.square(tf.sub(outputs.voxels, crop)), hidden).sum([1, 2, 3, 4]);
  const counts = hidden.sum([1, 2, 3, 4]);
  const rowsOf = (wanted: (row: HiddenCrop) => boolean) =>
    tf.tensor1d(
      rows.map((row) => (wanted(row) ? 1 : 0)),
      'float32',
    );
  const ratio = (chosen: tfjs.Tensor) =>
    squared
      .mul(chosen)
      .sum()
      .div(tf.maximum(counts.mul(chosen).sum(), 1)) as tfjs.Scalar;

  const size = preset.token[0] * preset.token[1] * preset.token[2];
  const truth = new Float32Array(n * size);
  rows.forEach(({ crop: voxels, next }, i) => {
    if (next >= 0) truth.set(tokenVoxels(voxels, grid, preset.token, next), i * size);
  });
  const isPrefix = rowsOf((row) => row.next >= 0);
  const error = tf.square(tf.sub(outputs.token, tf.tensor2d(truth, [n, size]))).mean(1);
  const next = error.mul(isPrefix).sum().div(tf.maximum(isPrefix.sum(), 1)) as tfjs.Scalar;
  const random = ratio(rowsOf((row) => row.next < 0));
  const nextAll = ratio(isPrefix);
  const total = random
    .mul(weights.random)
    .add(next.mul(weights.next))
    .add(nextAll.mul(weights.nextAll)) as tfjs.Scalar;
  return { total, random, next, nextAll };
}

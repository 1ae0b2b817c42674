/**
 * Hidden means hidden: no prediction may depend on a hidden voxel, bit for bit. Convolutions, norms and scans all mix
 * voxels, so this holds only if hiding comes before every one of them.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeNetwork } from '../network/describe.ts';
import { pretrainingForward } from '../network/network.ts';
import { presetNamed, type Preset } from '../network/presets.ts';
import { small, sourceOf, uniform, volumeOf } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import { initialWeights } from '../training/weights.ts';
import { objectives, type Objective } from './curriculum.ts';
import { hideTokens, predictHidden, type PretrainingBatch } from './loss.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Predict = (preset: Preset, batch: PretrainingBatch) => { voxels: tf.Tensor; token: tf.Tensor };

/** What the loss compares with the truth. */
const asTrained: Predict = (preset, batch) => {
  const { parameters } = describeNetwork(preset, 'pretraining', batch.space);
  return predictHidden(new TensorOps(tf), sourceOf(tf, initialWeights(parameters, 1)), preset, batch);
};

/** The mistake: a 7 x 7 x 7 mean first, then hiding. */
const hiddenTooLate: Predict = (preset, { space, rows }) => {
  const { parameters } = describeNetwork(preset, 'pretraining', space);
  const stack = (pick: 'crop' | 'visible'): tf.Tensor5D =>
    tf.concat(rows.map((row) => tf.tensor5d(row[pick], [1, ...space, 1])));
  const blurred = tf.conv3d(stack('crop'), tf.fill([7, 7, 7, 1, 1], 1 / 343), 1, 'same');
  const tokens = volumeOf(space) / volumeOf(preset.token);
  const position = tf.oneHot(
    tf.tensor1d(
      rows.map(({ next }) => Math.max(0, next)),
      'int32',
    ),
    tokens,
  );
  return pretrainingForward(
    new TensorOps(tf),
    sourceOf(tf, initialWeights(parameters, 1)),
    preset,
    blurred.mul(stack('visible')),
    position.cast('float32').reshape([rows.length, 1, tokens]),
  );
};

const run = (predict: Predict, preset: Preset, batch: PretrainingBatch) =>
  tf.tidy(() => {
    const { voxels, token } = predict(preset, batch);
    return { voxels: voxels.dataSync(), token: token.dataSync() };
  });

/** The batch with the voxels that `where` picks replaced, in its first row. */
function replace(
  { space, rows }: PretrainingBatch,
  where: (visible: number, voxel: number) => boolean,
): PretrainingBatch {
  const [{ crop, visible, next }, ...others] = rows as [PretrainingBatch['rows'][0]];
  const changed = crop.map((value, v) => (where(visible[v]!, v) ? 1 - value : value));
  return { space, rows: [{ crop: changed, visible, next }, ...others] };
}

const batchFor = (preset: Preset, space: Vec3, objective: Objective, seed: number): PretrainingBatch => {
  const only = { random: 0, next: 0, nextAll: 0, [objective]: 1 };
  return hideTokens(preset, [uniform(space, seed, 0, 1)], space, only, new Random(seed));
};

describe.each(objectives)('objective %s', (objective) => {
  const space: Vec3 = [8, 8, 12];
  const batches = [1, 2, 3].map((seed) => batchFor(small, space, objective, seed));

  it('no prediction changes when every hidden voxel does', () => {
    for (const batch of batches) {
      const all = replace(batch, (visible) => visible === 0);
      expect(all.rows[0]!.crop).not.toEqual(batch.rows[0]!.crop);
      expect(run(asTrained, small, all)).toEqual(run(asTrained, small, batch));
    }
  });

  it('no prediction changes when a single hidden voxel beside a visible one does', () => {
    const [batch] = batches as [PretrainingBatch];
    const { visible } = batch.rows[0]!;
    const voxel = visible.findIndex((seen, v) => seen === 0 && v > 0 && visible[v - 1] === 1);
    expect(voxel).toBeGreaterThan(0);
    const one = replace(batch, (_, v) => v === voxel);
    expect(run(asTrained, small, one)).toEqual(run(asTrained, small, batch));
  });

  it('this check finds hiding behind a 7 x 7 x 7 convolution', () => {
    for (const batch of batches) {
      const all = replace(batch, (visible) => visible === 0);
      const [before, after] = [run(hiddenTooLate, small, batch), run(hiddenTooLate, small, all)];
      expect(after.voxels).not.toEqual(before.voxels);
      expect(after.token).not.toEqual(before.token);
    }
  });

  it('predictions of hidden voxels and of the next token change when a visible token does', () => {
    for (const batch of batches) {
      const { visible } = batch.rows[0]!;
      const token = visible.indexOf(1);
      const seen = replace(batch, (_, v) => v === token);
      const [before, after] = [run(asTrained, small, batch), run(asTrained, small, seen)];
      const hidden = (values: typeof before.voxels) => [...values].filter((_, v) => visible[v] === 0);
      expect(hidden(after.voxels)).not.toEqual(hidden(before.voxels));
      expect(after.token).not.toEqual(before.token);
    }
  });
});

it('holds for nano, both ways of hiding in one batch', () => {
  const nano = presetNamed('nano');
  const space: Vec3 = [16, 16, 32];
  const weights = { random: 0.4, next: 0.3, nextAll: 0.3 };
  const { rows } = hideTokens(nano, [uniform(space, 1, 0, 1)], space, weights, new Random(1));
  const changed = rows.map((row) => replace({ space, rows: [row] }, (visible) => visible === 0).rows[0]!);
  expect(run(asTrained, nano, { space, rows: changed })).toEqual(run(asTrained, nano, { space, rows }));
});

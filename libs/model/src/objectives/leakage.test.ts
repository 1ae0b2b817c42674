/**
 * Hidden means hidden: no prediction may depend on a hidden voxel, bit for bit. Convolutions, norms and scans all mix
 * voxels, so this holds only if hiding comes before every one of them.
 */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeNetwork } from '../network/describe.ts';
import { pretrainingForward } from '../network/network.ts';
import { presetNamed, tokenGrid, type Preset } from '../network/presets.ts';
import { sourceOf, uniform, volumeOf } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import { least } from '../training/train.fixture.ts';
import { initialWeights } from '../training/weights.ts';
import { objectives, type Objective } from './curriculum.ts';
import { tokenIndices } from './hiding.ts';
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

/** Another mistake: the units of predictions are those of the whole crop. */
const inUnitsOfAll: Predict = (preset, batch) => {
  const { voxels, token } = asTrained(preset, batch);
  const means = batch.rows.map(({ crop }) => crop.reduce((sum, v) => sum + v, 0) / crop.length);
  return { voxels: voxels.add(tf.tensor(means, [means.length, 1, 1, 1, 1])), token };
};

/** The plan of the paper's network for sections: flat tokens and strides, a stem beside the stages, residual blocks. */
const flat: Preset = {
  ...least,
  name: 'flat',
  token: [2, 4, 4],
  stem: { width: 2, kernel: [1, 3, 3], beside: true },
  stages: [
    { width: 4, kernel: [1, 3, 3], strides: [1, 2, 2], mambaLayers: 0 },
    { width: 4, kernel: [1, 2, 2], strides: [2, 2, 2], mambaLayers: 1 },
  ],
  residual: true,
  bottleneck: { width: 4, kernel: [3, 3, 3] },
};
const presets: readonly (readonly [Preset, Vec3])[] = [
  [least, [8, 8, 8]],
  [flat, [4, 8, 8]],
];
const cases = presets.flatMap(([preset, space]) =>
  objectives.map((objective) => [preset.name, objective, preset, space] as const),
);

describe.each(cases)('preset %s, objective %s', (_, objective, preset, space) => {
  const batches = [1, 2, 3].map((seed) => batchFor(preset, space, objective, seed));
  const grid = tokenGrid(preset, space);
  /** The batch's row, and beside it one for every token that `which` picks, with that token's voxels changed. */
  const variants = (batch: PretrainingBatch, which: (visible: number) => boolean) => {
    const { visible } = batch.rows[0]!;
    const rows = [...batch.rows];
    for (let t = 0; t < volumeOf(grid); t++) {
      const own = tokenIndices(grid, preset.token, (index) => index === t);
      if (which(visible[own[0]!]!)) {
        const voxels = new Set(own);
        rows.push(replace(batch, (_seen, v) => voxels.has(v)).rows[0]!);
      }
    }
    return { space, rows };
  };
  /** What is said of each row, apart. */
  const perRow = (predict: Predict, batch: PretrainingBatch) => {
    const { voxels, token } = run(predict, preset, batch);
    const part = (of: typeof voxels, i: number) =>
      of.slice((i * of.length) / batch.rows.length, ((i + 1) * of.length) / batch.rows.length);
    return batch.rows.map((_row, i) => ({ voxels: part(voxels, i), token: part(token, i) }));
  };

  it('no prediction changes when a hidden token does, whichever it is', () => {
    for (const batch of batches) {
      const all = variants(batch, (visible) => visible === 0);
      expect(all.rows.length).toBeGreaterThan(1);
      const [before, ...after] = perRow(asTrained, all);
      for (const said of after) expect(said).toEqual(before);
    }
  });

  it('predictions of hidden voxels and of the next token change when a visible token does, whichever it is', () => {
    for (const batch of batches) {
      const all = variants(batch, (visible) => visible === 1);
      const hidden = (values: tf.TypedArray) =>
        [...values].filter((_v, v) => batch.rows[0]!.visible[v] === 0);
      const [before, ...after] = perRow(asTrained, all);
      for (const said of after) {
        expect(hidden(said.voxels)).not.toEqual(hidden(before!.voxels));
        expect(said.token).not.toEqual(before!.token);
      }
    }
  });

  it('this check finds hiding behind a 7 x 7 x 7 convolution', () => {
    const [batch] = batches as [PretrainingBatch];
    const [before, ...after] = perRow(
      hiddenTooLate,
      variants(batch, (visible) => visible === 0),
    );
    // the convolution reaches three voxels: a hidden token beside no visible one stays hidden
    expect(after.some(({ voxels }) => voxels.some((v, i) => v !== before!.voxels[i]))).toBe(true);
    const all = replace(batch, (visible) => visible === 0);
    const [one, other] = [batch, all].map((of) => run(hiddenTooLate, preset, of));
    expect(other!.voxels).not.toEqual(one!.voxels);
    expect(other!.token).not.toEqual(one!.token);
  });

  it('this check finds predictions in units that hidden voxels have a part in', () => {
    const [batch] = batches as [PretrainingBatch];
    const all = variants(batch, (visible) => visible === 0);
    const [before, ...after] = perRow(inUnitsOfAll, all);
    for (const { voxels } of after) expect(voxels).not.toEqual(before!.voxels);
  });
});

it.each([
  ['nano', [16, 16, 16]],
  ['nano-anisotropic', [4, 32, 32]],
] as [string, Vec3][])('holds for %s, both ways of hiding in one batch', (name, space) => {
  const preset = presetNamed(name);
  const weights = { random: 0.4, next: 0.3, nextAll: 0.3 };
  const { rows } = hideTokens(preset, [uniform(space, 1, 0, 1)], space, weights, new Random(1));
  const changed = rows.map((row) => replace({ space, rows: [row] }, (visible) => visible === 0).rows[0]!);
  expect(run(asTrained, preset, { space, rows: changed })).toEqual(run(asTrained, preset, { space, rows }));
});

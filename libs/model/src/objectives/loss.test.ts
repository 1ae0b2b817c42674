import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeNetwork } from '../network/describe.ts';
import { small, sourceOf, uniform } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import type { Weights } from '../training/weights.ts';
import { keepPrefix, voxelsOf } from './hiding.ts';
import { hideTokens, pretrainingLoss, type HiddenCrop, type PretrainingBatch } from './loss.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const space: Vec3 = [8, 8, 8]; // 2 x 2 x 2 tokens of 4 x 4 x 4 voxels
const grid: Vec3 = [2, 2, 2];
const { parameters } = describeNetwork(small, 'pretraining', space);

/** A network that says `voxel` for every voxel and `token` for every voxel of the next token, whatever it sees. */
const saying = (voxel: number, token: number): Weights =>
  new Map(
    parameters.map(({ name, shape }) => {
      const said = name === 'voxels.bias' ? voxel : name === 'next.voxels.bias' ? token : 0;
      return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(said) }];
    }),
  );

/** Token i of the crop has the value (i + 1) / 8 everywhere. */
const ramp = voxelsOf(
  Uint8Array.from({ length: 8 }, (_, i) => i + 1),
  grid,
  small.token,
).map((v) => v / 8);
const hiding = (...tokens: number[]): HiddenCrop => ({
  crop: ramp,
  visible: voxelsOf(
    Uint8Array.from({ length: 8 }, (_, i) => (tokens.includes(i) ? 0 : 1)),
    grid,
    small.token,
  ),
  next: -1,
});
const keeping = (kept: number): HiddenCrop => ({
  crop: ramp,
  visible: voxelsOf(keepPrefix(grid, kept), grid, small.token),
  next: kept,
});

const weights = { random: 0.5, next: 0.3, nextAll: 0.2 };

function lossOf(rows: readonly HiddenCrop[], network: Weights, w = weights) {
  return tf.tidy(() => {
    const batch: PretrainingBatch = { space, rows };
    const losses = pretrainingLoss(new TensorOps(tf), sourceOf(tf, network), small, batch, w);
    return Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]!]));
  });
}

describe('the loss of a network that says 0.25 for every voxel and 0.5 for the next token', () => {
  const square = (value: number, said: number) => (value / 8 - said) ** 2;

  it('is the mean square over hidden voxels, by hand', () => {
    const losses = lossOf([hiding(1, 6), keeping(5)], saying(0.25, 0.5));
    const random = (square(2, 0.25) + square(7, 0.25)) / 2;
    const next = square(6, 0.5);
    const nextAll = (square(6, 0.25) + square(7, 0.25) + square(8, 0.25)) / 3;
    expect(losses['random']).toBeCloseTo(random, 6);
    expect(losses['next']).toBeCloseTo(next, 6);
    expect(losses['nextAll']).toBeCloseTo(nextAll, 6);
    expect(losses['total']).toBeCloseTo(0.5 * random + 0.3 * next + 0.2 * nextAll, 6);
  });

  it('counts hidden voxels of a batch alike, whichever crop they are in', () => {
    const { random } = lossOf([hiding(0), hiding(5, 6, 7)], saying(0.25, 0.5));
    const sum = square(1, 0.25) + square(6, 0.25) + square(7, 0.25) + square(8, 0.25);
    expect(random).toBeCloseTo(sum / 4, 6);
  });

  it('averages next over crops, of which only those with a prefix are asked', () => {
    const { next } = lossOf([hiding(0), keeping(1), keeping(7)], saying(0.25, 0.5));
    expect(next).toBeCloseTo((square(2, 0.5) + square(8, 0.5)) / 2, 6);
  });

  it('is 0 for objectives without a row', () => {
    expect(lossOf([hiding(3)], saying(0.25, 0.5))).toMatchObject({ next: 0, nextAll: 0 });
    expect(lossOf([keeping(3)], saying(0.25, 0.5))).toMatchObject({ random: 0 });
  });

  it('is 0 where it says the truth of hidden tokens, however wrong it is about visible ones', () => {
    expect(lossOf([hiding(3)], saying(4 / 8, 0))).toMatchObject({ random: 0, total: 0 });
    const wrong = lossOf(
      [{ ...hiding(3), crop: ramp.map((v) => (v === 4 / 8 ? v : 100)) }],
      saying(4 / 8, 0),
    );
    expect(wrong).toMatchObject({ random: 0, total: 0 });
  });
});

it('the gradient with respect to predictions of visible voxels is zero, of hidden ones is not', () => {
  // The voxel head's bias moves every prediction: its gradient is 2 mean(said - truth) over hidden voxels alone.
  const network = saying(0.25, 0.5);
  const bias = tf.tensor1d([0.25]);
  const gradient = tf
    .grad((b) => {
      const source = sourceOf(tf, network);
      const get: typeof source.get = (name, shape, init) =>
        name === 'voxels.bias' ? b : source.get(name, shape, init);
      return pretrainingLoss(new TensorOps(tf), { get }, small, { space, rows: [hiding(1, 6)] }, weights)
        .total;
    })(bias)
    .dataSync()[0]!;
  expect(gradient).toBeCloseTo(0.5 * 2 * (0.25 - (2 / 8 + 7 / 8) / 2), 6);
});

describe('a batch', () => {
  const crops = [uniform(space, 1, 0, 1), uniform(space, 2, 0, 1)];
  const hide = (w: typeof weights, seed = 1) => hideTokens(small, crops, space, w, new Random(seed));

  it('has a row with random tokens hidden and one with a prefix for every crop', () => {
    const { rows } = hide(weights);
    expect(rows.map(({ crop, next }) => [crops.indexOf(crop), next >= 1])).toEqual([
      [0, false],
      [1, false],
      [0, true],
      [1, true],
    ]);
  });

  it('hides half of the tokens at random, and all from the next one on', () => {
    for (const { visible, next } of hide(weights).rows) {
      const seen = visible.reduce((sum, value) => sum + value, 0) / 64;
      expect(seen).toBe(next < 0 ? 4 : next);
      if (next >= 0) expect(visible).toEqual(voxelsOf(keepPrefix(grid, next), grid, small.token));
    }
  });

  it('spends no row on an objective without weight', () => {
    expect(hide({ random: 1, next: 0, nextAll: 0 }).rows.map(({ next }) => next)).toEqual([-1, -1]);
    expect(hide({ random: 0, next: 1, nextAll: 0 }).rows.every(({ next }) => next > 0)).toBe(true);
    expect(hide({ random: 0, next: 0, nextAll: 1 }).rows.every(({ next }) => next > 0)).toBe(true);
  });

  it('is the seed’s', () => {
    expect(hide(weights, 1)).toEqual(hide(weights, 1));
    expect(hide(weights, 1)).not.toEqual(hide(weights, 2));
  });

  it('is refused when a crop is one token: nothing could stay visible', () => {
    const refused = () => hideTokens(small, [uniform([4, 4, 4], 1)], [4, 4, 4], weights, new Random(1));
    expect(refused).toThrow(/Crop \[4, 4, 4\] is one token of preset 'small'/);
  });
});

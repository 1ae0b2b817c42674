import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeNetwork } from '../network/describe.ts';
import { pretrainingForward } from '../network/network.ts';
import { relativeError, small, sourceOf, uniform, weightsFor } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { arrayOf, mapOf } from '../ops/shape-ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import type { Weights } from '../training/weights.ts';
import { keepPrefix, tokenIndices, voxelsOf } from './hiding.ts';
import {
  hideTokens,
  predictHidden,
  pretrainingLoss,
  type HiddenCrop,
  type PretrainingBatch,
} from './loss.ts';
import { LEAST_SPREAD, visibleUnits } from './visible-units.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const space: Vec3 = [8, 8, 8]; // 2 x 2 x 2 tokens of 4 x 4 x 4 voxels
const grid: Vec3 = [2, 2, 2];
const { parameters } = describeNetwork(small, 'pretraining', space);

/** A network whose heads say `voxel` for every voxel and `token` for every voxel of the next token, whatever they see. */
const saying = (voxel: number, token: number): Weights =>
  new Map(
    parameters.map(({ name, shape }) => {
      const said = name === 'voxels.bias' ? voxel : name === 'next.voxels.bias' ? token : 0;
      return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(said) }];
    }),
  );

/** A crop of eight flat tokens. Everywhere below, as many visible ones are 0.4 as are 0.6: mean 0.5, spread 0.1. */
const tokensOf = (values: readonly number[]): Float32Array => {
  const crop = new Float32Array(512);
  values.forEach((value, t) => {
    for (const v of tokenIndices(grid, small.token, (index) => index === t)) crop[v] = value;
  });
  return crop;
};
const hiding = (values: readonly number[], ...tokens: number[]): HiddenCrop => ({
  crop: tokensOf(values),
  visible: voxelsOf(
    Uint8Array.from({ length: 8 }, (_, i) => (tokens.includes(i) ? 0 : 1)),
    grid,
    small.token,
  ),
  next: -1,
});
const keeping = (values: readonly number[], kept: number): HiddenCrop => ({
  crop: tokensOf(values),
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

describe('the loss of a network that says 2 for every voxel and -1 for the next token', () => {
  // of a mean of 0.5 and a spread of 0.1, that is 0.7 and 0.4
  const network = saying(2, -1);
  const scattered = hiding([0.4, 0.9, 0.6, 0.4, 0.6, 0.4, 0.1, 0.6], 1, 6);
  const prefix = keeping([0.4, 0.6, 0.9, 0.1, 0.5, 0.7, 0.3, 0.8], 2);

  it('is the mean square over hidden voxels, by hand', () => {
    const losses = lossOf([scattered, prefix], network);
    // random: (0.9 - 0.7)^2 = 0.04 and (0.1 - 0.7)^2 = 0.36, of which the mean is 0.2
    expect(losses['random']).toBeCloseTo(0.2, 6);
    // next: (0.9 - 0.4)^2 = 0.25
    expect(losses['next']).toBeCloseTo(0.25, 6);
    // next-all: 0.2, 0.6, 0.2, 0, 0.4, 0.1 from 0.7: (0.04 + 0.36 + 0.04 + 0 + 0.16 + 0.01) / 6 = 0.61 / 6
    expect(losses['nextAll']).toBeCloseTo(0.61 / 6, 6);
    // 0.5 x 0.2 + 0.3 x 0.25 + 0.2 x 0.61 / 6 = 0.1 + 0.075 + 0.0203333
    expect(losses['total']).toBeCloseTo(0.1953333, 6);
  });

  it('counts hidden voxels of a batch alike, whichever crop they are in', () => {
    const { random } = lossOf(
      [scattered, hiding([0.4, 0.6, 0.4, 0.6, 0.7, 0.7, 0.7, 0.8], 4, 5, 6, 7)],
      network,
    );
    // 0.04 + 0.36 of two tokens, 0 + 0 + 0 + 0.01 of four: 0.41 / 6, where a mean of crops would be 0.10125
    expect(random).toBeCloseTo(0.41 / 6, 6);
  });

  it('averages next over crops, of which only those with a prefix are asked', () => {
    const longer = keeping([0.4, 0.6, 0.4, 0.6, 0.5, 0, 0, 0], 4); // (0.5 - 0.4)^2 = 0.01
    const { next } = lossOf([scattered, prefix, longer], network);
    expect(next).toBeCloseTo((0.25 + 0.01) / 2, 6);
  });

  it('is 0 for objectives without a row', () => {
    expect(lossOf([scattered], network)).toMatchObject({ next: 0, nextAll: 0 });
    expect(lossOf([prefix], network)).toMatchObject({ random: 0 });
  });

  it('is 0 where it says the truth of hidden tokens, however wrong it is about visible ones', () => {
    const { random, total } = lossOf([hiding([0.7, 0.6, 0.4, 0.7, 0.6, 0.4, 0.6, 0.4], 0, 3)], network);
    expect(random).toBeCloseTo(0, 12);
    expect(total).toBeCloseTo(0, 12);
  });
});

it('the gradient with respect to predictions of visible voxels is zero, of hidden ones is not', () => {
  // The voxel head's bias moves every prediction by its spread: the gradient is
  // w x 2 mean(said - truth) x spread over hidden voxels alone: 0.5 x 2 x ((0.7 - 0.9) + (0.7 - 0.1)) / 2 x 0.1 = 0.02
  const network = saying(2, -1);
  const rows = [hiding([0.4, 0.9, 0.6, 0.4, 0.6, 0.4, 0.1, 0.6], 1, 6)];
  const bias = tf.tensor1d([2]);
  const gradient = tf
    .grad((b) => {
      const source = sourceOf(tf, network);
      const get: typeof source.get = (name, shape, init) =>
        name === 'voxels.bias' ? b : source.get(name, shape, init);
      return pretrainingLoss(new TensorOps(tf), { get }, small, { space, rows }, weights).total;
    })(bias)
    .dataSync()[0]!;
  expect(gradient).toBeCloseTo(0.02, 6);
});

describe('predictions are relative to what is visible', () => {
  const crop = uniform(space, 1, 0.2, 0.6);
  const visible = voxelsOf(Uint8Array.of(1, 0, 1, 1, 0, 1, 0, 0), grid, small.token);
  const random = weightsFor((ops, source) => {
    pretrainingForward(ops, source, small, mapOf(1, 1, space), arrayOf([1, 1, 8]));
  });
  const predicted = (scale: number) =>
    tf.tidy(() => {
      const rows = [{ crop: crop.map((v) => scale * v), visible, next: 4 }];
      const { voxels, token } = predictHidden(new TensorOps(tf), sourceOf(tf, random), small, {
        space,
        rows,
      });
      return [...voxels.dataSync(), ...token.dataSync()];
    });

  it('a crop half as bright is predicted half as bright: behind the stem’s norm it is the same crop', () => {
    expect(
      relativeError(
        predicted(0.5),
        predicted(1).map((v) => v / 2),
      ),
    ).toBeLessThan(2e-3);
  });

  it('mean and spread are those of visible voxels, by hand, and the spread is never nothing', () => {
    expect(visibleUnits(keeping([0.4, 0.6, 9, 9, 9, 9, 9, 9], 2))).toEqual({
      mean: expect.closeTo(0.5, 6) as number,
      spread: expect.closeTo(0.1, 6) as number,
    });
    expect(visibleUnits(keeping([0.4, 0.6, 9, 9, 9, 9, 9, 9], 1)).spread).toBe(LEAST_SPREAD);
  });
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

import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { pretrainingForward } from '../network/network.ts';
import { small, sourceOf, uniform, weightsFor } from '../network/small.fixture.ts';
import { tokenGrid } from '../network/presets.ts';
import { arrayOf, mapOf } from '../ops/shape-ops.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Weights } from '../training/weights.ts';
import { copyOfNearest, meanOfVisible } from './baselines.ts';
import { tokenIndices, tokenVoxels } from './hiding.ts';
import { scoreReconstruction, type ReconstructionOptions } from './reconstruction.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('cpu');
});

const space: Vec3 = [8, 8, 8];
const weights = weightsFor((ops, source) => {
  pretrainingForward(ops, source, small, mapOf(1, 1, space), arrayOf([1, 1, 8]));
});
const score = (of: Weights, options: Partial<ReconstructionOptions> = {}) =>
  scoreReconstruction({
    ...{ engine, parameters: sourceOf(engine.tf, of), preset: small, space, seed: 1 },
    crops: [uniform([8, 8, 8], 1, 0, 1)],
    ...options,
  });
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, v) => sum + v, 0) / values.length;
const square = (values: Float32Array) => values.map((v) => v * v);

/** Heads that say 0 whatever they are shown. */
const mute: Weights = new Map(
  [...weights].map(([name, weight]) => [
    name,
    /^(voxels|next\.)/.test(name) ? { ...weight, data: new Float32Array(weight.data.length) } : weight,
  ]),
);

describe('a score', () => {
  it('of a network that says 0 is the mean square of what is hidden, and its predictions do not vary', async () => {
    const crop = uniform([8, 8, 8], 1, 0, 1);
    const [next, nextAll] = await score(mute, {
      crops: [crop],
      objectives: ['next', 'nextAll'],
      prefixes: 1,
    });
    // one prefix, half of the eight tokens
    const asked = tokenVoxels(crop, [2, 2, 2], [4, 4, 4], 4);
    const later = tokenIndices([2, 2, 2], [4, 4, 4], (token) => token >= 4);
    const all = Float32Array.from(later, (at) => crop[at]!);
    expect(next!.mse).toBeCloseTo(mean(square(asked)), 6);
    expect(nextAll!.mse).toBeCloseTo(mean(square(all)), 6);
    for (const one of [next!, nextAll!]) {
      expect(one.predictionVariance).toBe(0);
      expect(one.psnr).toBeCloseTo(-10 * Math.log10(one.mse), 9);
      expect(one.baselines.meanVisible).toBeLessThan(one.mse);
    }
    expect(nextAll!.targetVariance).toBeCloseTo(mean(square(all)) - mean(all) ** 2, 6);
  });

  it('averages the predictions that several prefixes make of a token, which lowers the error of a guess', async () => {
    const crops = [1, 2, 3].map((seed) => uniform([8, 8, 8], seed, 0, 1));
    const [one] = await score(weights, { crops, objectives: ['nextAll'], prefixes: 1 });
    const [many] = await score(weights, { crops, objectives: ['nextAll'], prefixes: 7 });
    // noise is predicted best by its mean, and an average of guesses is nearer to it
    expect(many!.predictionVariance).toBeLessThan(one!.predictionVariance);
    expect(many!.mse).toBeLessThan(one!.mse);
  });

  it('is the same again, counts hidden voxels alone, and leaves no tensor', async () => {
    const before = engine.tf.memory().numTensors;
    const crops = [uniform([8, 8, 8], 5, 0, 1)];
    const first = await score(weights, { crops });
    expect(await score(weights, { crops })).toEqual(first);
    expect(first.map(({ objective }) => objective)).toEqual(['random', 'next', 'nextAll']);
    expect(engine.tf.memory().numTensors).toBe(before);
  });
});

describe('a prediction that learns nothing', () => {
  const grid = tokenGrid(small, space);
  const crop = uniform([8, 8, 8], 3, 0, 1);
  it('is the mean of the visible voxels', () => {
    const visible = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0);
    const expected = mean(tokenVoxels(crop, grid, small.token, 1));
    expect(meanOfVisible(crop, visible, grid, small.token)[0]).toBeCloseTo(expected, 6);
  });

  it('is a copy of the nearest visible token, of the first of several', () => {
    const visible = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 1);
    const copied = copyOfNearest(crop, visible, grid, small.token);
    const tokenOf = (from: Float32Array, index: number) => [...tokenVoxels(from, grid, small.token, index)];
    expect([1, 2, 3, 4, 5, 6].map((index) => tokenOf(copied, index))).toEqual(
      [0, 0, 7, 0, 7, 7].map((index) => tokenOf(crop, index)),
    );
    expect([tokenOf(copied, 0), tokenOf(copied, 7)]).toEqual([tokenOf(crop, 0), tokenOf(crop, 7)]);
  });

  it('measures what is near in voxels: a token that is thin along z is near along z', () => {
    const [thin, tokens]: [Vec3, Vec3] = [
      [2, 4, 4],
      [2, 2, 1],
    ];
    const values = uniform([4, 8, 4], 1, 0, 1);
    // token 2 is hidden; 0 lies 2 voxels above it, 3 lies 4 voxels beside it
    const copied = copyOfNearest(values, Uint8Array.of(1, 1, 0, 1), tokens, thin);
    expect([...tokenVoxels(copied, tokens, thin, 2)]).toEqual([...tokenVoxels(values, tokens, thin, 0)]);
  });
});

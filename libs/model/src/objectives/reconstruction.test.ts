import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { pretrainingForward } from '../network/network.ts';
import { sourceOf, uniform, weightsFor } from '../network/small.fixture.ts';
import { least } from '../training/train.fixture.ts';
import { describeNetwork } from '../network/describe.ts';
import { countPeakBytes } from '../training/train-peak.ts';
import { Variables } from '../training/variables.ts';
import { arrayOf, mapOf } from '../ops/shape-ops.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Weights } from '../training/weights.ts';
import { tokenIndices } from './hiding.ts';
import { predictRows } from './predict-rows.ts';
import { scoreReconstruction, type ReconstructionOptions } from './reconstruction.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('cpu');
});

const space: Vec3 = [8, 8, 8];
const weights = weightsFor((ops, source) => {
  pretrainingForward(ops, source, least, mapOf(1, 1, space), arrayOf([1, 1, 8]));
});
const score = (of: Weights, options: Partial<ReconstructionOptions> = {}) =>
  scoreReconstruction({
    ...{ engine, parameters: sourceOf(engine.tf, of), preset: least, space, seed: 1 },
    crops: [uniform([8, 8, 8], 1, 0, 1)],
    ...options,
  });
/** Token i of a crop of 2 x 2 x 2 tokens has the value (i + 1) / 10 everywhere. */
const grid: Vec3 = [2, 2, 2];
const ramp = new Float32Array(512);
for (let t = 0; t < 8; t++)
  for (const v of tokenIndices(grid, least.token, (i) => i === t)) ramp[v] = (t + 1) / 10;

/** A network that says `voxel` for every voxel and `token` for the next token, whatever it is shown. */
const saying = (voxel: number, token: number): Weights =>
  new Map(
    [...weights].map(([name, weight]) => {
      const said = name === 'voxels.bias' ? voxel : name === 'next.voxels.bias' ? token : undefined;
      const silent = said !== undefined || name === 'voxels.weight' || name.startsWith('next.voxels');
      return [name, silent ? { ...weight, data: weight.data.map(() => said ?? 0) } : weight];
    }),
  );

describe('a score of a network that says 0.5 for every voxel and 0.4 for the next token, by hand', () => {
  const scores = (prefixes: number) => score(saying(0.5, 0.4), { crops: [ramp], prefixes });

  it('of next: every prefix asks for one token', async () => {
    const [, next] = await scores(7); // of 1 to 7 tokens; asked for are the tokens 0.2, 0.3, ... 0.8
    // errors -0.2 -0.1 0 0.1 0.2 0.3 0.4: squares 0.04 + 0.01 + 0 + 0.01 + 0.04 + 0.09 + 0.16 = 0.35
    expect(next!.mse).toBeCloseTo(0.35 / 7, 6);
    expect(next!.psnr).toBeCloseTo(13.0103, 3); // 10 log10(20)
    // the mean of 0.1 ... n / 10 is (n + 1) / 20; to the token (n + 1) / 10 that is (n + 1) / 20 again:
    // (4 + 9 + 16 + 25 + 36 + 49 + 64) / 400 = 203 / 400
    expect(next!.baselines.meanVisible).toBeCloseTo(203 / 400 / 7, 6);
    // nearest of token 1: 0; of 2: 0; of 3: 1 (and 2, later); of 4: 0; of 5: 1 (and 4); of 6: 2 (and 4); of 7: 3 (5, 6).
    // 0.1, 0.2, 0.2, 0.4, 0.4, 0.4, 0.4: squares 0.01 + 2 x 0.04 + 4 x 0.16 = 0.73
    expect(next!.baselines.nearestVisible).toBeCloseTo(0.73 / 7, 6);
    expect(next!.predictionVariance).toBeCloseTo(0, 12);
    expect(next!.targetVariance).toBeCloseTo(0.04, 6); // of 0.2, 0.3, ... 0.8
    expect(next!.voxels).toBe(7 * 64);
  });

  it('of next-all: every token once, however many prefixes speak of it', async () => {
    const [, , nextAll] = await scores(7);
    // errors of 0.5 to 0.2, ... 0.8: 0.09 + 0.04 + 0.01 + 0 + 0.01 + 0.04 + 0.09 = 0.28
    expect(nextAll!.mse).toBeCloseTo(0.28 / 7, 6);
    // the longest prefix that ends before a token is all tokens before it: the baselines are those of next
    expect(nextAll!.baselines.meanVisible).toBeCloseTo(203 / 400 / 7, 6);
    expect(nextAll!.baselines.nearestVisible).toBeCloseTo(0.73 / 7, 6);
    expect(nextAll!.voxels).toBe(7 * 64);
  });

  it('of random: half of the tokens are hidden, and nothing else counts', async () => {
    const [random] = await scores(1);
    expect(random!.voxels).toBe(4 * 64);
    // of all tokens the squares are 0.16 + 0.09 + 0.04 + 0.01 + 0 + 0.01 + 0.04 + 0.09; four of them are at most 0.38
    const squares = [0.16, 0.09, 0.04, 0.01, 0, 0.01, 0.04, 0.09];
    const halves = [...Array(256).keys()]
      .map((bits) => squares.filter((_, i) => (bits >> i) & 1))
      .filter(({ length }) => length === 4)
      .map((four) => four.reduce((sum, value) => sum + value, 0) / 4);
    expect(Math.min(...halves.map((half) => Math.abs(half - random!.mse)))).toBeLessThan(1e-6);
  });

  it('pools voxels of all crops', async () => {
    const flat = new Float32Array(512).fill(0.4);
    const both = await score(saying(0.5, 0.4), { crops: [ramp, flat], prefixes: 7 });
    expect(both[1]!.mse).toBeCloseTo(0.35 / 14, 6);
    expect(both[1]!.voxels).toBe(14 * 64);
  });

  it('of a network that says the truth has a signal-to-noise ratio of 120 dB, which is a number in a log', async () => {
    const crops = [new Float32Array(512).fill(0.5)];
    const [random] = await score(saying(0.5, 0.5), { crops, objectives: ['random'] });
    expect(random).toMatchObject({ mse: 0, psnr: 120 });
  });
});

describe('scores', () => {
  it('average what several prefixes say of a token, which lowers the error of a guess', async () => {
    const crops = [1, 2, 3].map((seed) => uniform([8, 8, 8], seed, 0, 1));
    const [one] = await score(weights, { crops, objectives: ['nextAll'], prefixes: 1 });
    const [many] = await score(weights, { crops, objectives: ['nextAll'], prefixes: 7 });
    // noise is predicted best by its mean, and an average of guesses is nearer to it
    expect(many!.predictionVariance).toBeLessThan(one!.predictionVariance);
    expect(many!.mse).toBeLessThan(one!.mse);
  });

  it('are the same again, whatever else is scored, and of other tokens for another seed', async () => {
    const crops = [uniform([8, 8, 8], 5, 0, 1)];
    const first = await score(weights, { crops });
    expect(await score(weights, { crops })).toEqual(first);
    for (const one of first)
      expect(await score(weights, { crops, objectives: [one.objective] })).toEqual([one]);
    expect((await score(weights, { crops, seed: 2 }))[0]!.mse).not.toBe(first[0]!.mse);
    expect(first.map(({ objective }) => objective)).toEqual(['random', 'next', 'nextAll']);
  });

  it('come from predictions that see no hidden voxel', async () => {
    const crop = uniform([8, 8, 8], 5, 0, 1);
    const darker = Float32Array.from(crop);
    const last = tokenIndices(grid, least.token, (t) => t === 7);
    for (const v of last) darker[v] = 0;
    const [before] = await score(weights, { crops: [crop], objectives: ['next'], prefixes: 7 });
    const [after] = await score(weights, { crops: [darker], objectives: ['next'], prefixes: 7 });
    // token 7 is in no prefix: not one prediction differs, so their variance does not
    expect(after!.predictionVariance).toBe(before!.predictionVariance);
    expect(after!.mse).not.toBe(before!.mse);
  });

  it('leave no tensor, and hold no more for many prefixes than for few', async () => {
    const { tf } = engine;
    const crops = [uniform([8, 8, 8], 1, 0, 1)];
    const parameters = new Variables(tf, describeNetwork(least, 'pretraining', space).parameters, weights);
    const peak = async (prefixes: number, rowsAtOnce: number) => {
      const rows = Array.from({ length: prefixes }, (_, i) => ({
        crop: crops[0]!,
        visible: new Float32Array(512).fill(1),
        next: 1 + (i % 7),
      }));
      const source = parameters.source();
      const run = async () => {
        const options = { engine, parameters: source, preset: least, space, rows, rowsAtOnce };
        let count = 0;
        for await (const { row } of predictRows(options)) expect(row).toBe(rows[count++]);
        expect(count).toBe(prefixes);
      };
      await run(); // constants that are kept for good
      const before = tf.memory().numTensors;
      const counted = await countPeakBytes(tf, run);
      expect(tf.memory().numTensors).toBe(before);
      return counted.peak;
    };
    expect(await peak(6, 2)).toBe(await peak(2, 2));
    expect(await peak(6, 2)).toBeGreaterThan(1.5 * (await peak(6, 1)));
    parameters[Symbol.dispose]();
  });

  it('stop between two batches when they are told to', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(score(weights, { signal: stop.signal })).rejects.toThrow('enough');
  });
});

describe('a score is refused', () => {
  it.each([
    ['of no crop', { crops: [] }, 'model/config', /on 0 crops for 3 objectives/],
    ['for no objective', { objectives: [] }, 'model/config', /on 1 crops for 0 objectives/],
    ['of no prefix', { prefixes: 0 }, 'model/config', /prefixes is 0/],
    ['of half a prefix', { prefixes: 1.5 }, 'model/config', /prefixes is 1.5/],
    [
      'of a crop of another size',
      { crops: [new Float32Array(500)] },
      'model/shape',
      /has 500 voxels, but .* has 512/,
    ],
    [
      'of a crop that tokens do not divide',
      { space: [8, 8, 6] },
      'model/shape',
      /axis x must be a positive multiple/,
    ],
    [
      'of a crop of one token',
      { space: [4, 4, 4], crops: [new Float32Array(64)] },
      'model/shape',
      /is one token/,
    ],
  ] as [string, Partial<ReconstructionOptions>, string, RegExp][])(
    '%s',
    async (_, options, code, message) => {
      await expect(score(weights, options)).rejects.toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
      );
    },
  );
});

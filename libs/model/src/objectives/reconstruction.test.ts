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

/** A network whose heads say nothing, which stands for the mean of what is visible. */
const mute: Weights = new Map(
  [...weights].map(([name, weight]) => [
    name,
    /^(voxels|next\.voxels)\./.test(name) ? { ...weight, data: weight.data.map(() => 0) } : weight,
  ]),
);

describe('a score of a network that says the mean of what it sees, by hand', () => {
  const scores = (prefixes: number) => score(mute, { crops: [ramp], prefixes });
  // The mean of 0.1 ... n / 10 is (n + 1) / 20.
  // Nearest of token 1: 0; of 2: 0; of 3: 1 (and 2, later); of 4: 0; of 5: 1 (and 4); of 6: 2 (and 4); of 7: 3 (5, 6).
  // 0.1, 0.2, 0.2, 0.4, 0.4, 0.4, 0.4 away: squares 0.01 + 2 x 0.04 + 4 x 0.16 = 0.73
  const nearestVisible = expect.closeTo(0.73 / 7, 6) as number;
  // to the token (n + 1) / 10 the mean has (n + 1) / 20 again: (4 + 9 + 16 + 25 + 36 + 49 + 64) / 400 = 203 / 400
  const meanVisible = expect.closeTo(203 / 400 / 7, 6) as number;

  it('of next: every prefix asks for one token', async () => {
    const [, next] = await scores(7);
    expect(next).toEqual({
      objective: 'next',
      mse: expect.closeTo(203 / 400 / 7, 6) as number,
      psnr: expect.closeTo(11.39662, 4) as number, // 10 log10(2800 / 203)
      baselines: { meanVisible, nearestVisible },
      predictionVariance: 0, // it says the mean and nothing else
      targetVariance: expect.closeTo(0.01, 6) as number, // of (n + 1) / 20: 0.1, 0.15, ... 0.4
      voxels: 7 * 64,
    });
  });

  it('of next-all: every token once, the mean of all prefixes that end before it', async () => {
    const [, , nextAll] = await scores(7);
    // Of token t speak the prefixes n = 1 ... t, and the mean of (n + 1) / 20 over them is (t + 3) / 40. The token is
    // (4 t + 4) / 40: (3 t + 1) / 40 away. 16 + 49 + 100 + 169 + 256 + 361 + 484 = 1435 of 1600
    expect(nextAll).toEqual({
      objective: 'nextAll',
      mse: expect.closeTo(1435 / 1600 / 7, 6) as number,
      psnr: expect.closeTo(8.92366, 4) as number, // 10 log10(11200 / 1435)
      baselines: {
        meanVisible: expect.closeTo(1435 / 1600 / 7, 6) as number,
        // Copies of token 1: 0.1; of 2: 0.1 twice; of 3: 0.1, 0.2, 0.2; of 4: 0.1 four times; of 5: 0.1, then 0.2 four times;
        // of 6: 0.1 twice, then 0.3 four times; of 7: 0.1, 0.2, 0.2, then 0.4 four times. Their means are wrong by
        // 0.1, 0.2, 0.7 / 3, 0.4, 0.42, 2.8 / 6, 0.5: 0.01 + 0.04 + 0.49 / 9 + 0.16 + 0.1764 + 7.84 / 36 + 0.25 = 0.908622
        nearestVisible: expect.closeTo(0.9086222 / 7, 6) as number,
      },
      predictionVariance: expect.closeTo(0, 12) as number,
      targetVariance: expect.closeTo(0.0225, 6) as number, // of (3 t + 1) / 40: nine times that of t / 40, 4 / 1600
      voxels: 7 * 64,
    });
  });

  it('of random: half of the tokens are hidden, and nothing else counts', async () => {
    const [random] = await scores(1);
    expect(random!.voxels).toBe(4 * 64);
    // every way to see four of eight tokens, and what their mean is wrong by about the others
    const tokens = [1, 2, 3, 4, 5, 6, 7, 8].map((value) => value / 10);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const errors = [...Array(256).keys()]
      .map((bits) => [1, 0].map((seen) => tokens.filter((_, i) => ((bits >> i) & 1) === seen)))
      .filter(([seen]) => seen!.length === 4)
      .map(([seen, hidden]) => mean(hidden!.map((value) => (value - mean(seen!)) ** 2)));
    expect(errors).toHaveLength(70);
    expect(Math.min(...errors.map((error) => Math.abs(error - random!.mse)))).toBeLessThan(1e-6);
    expect(random!.baselines.meanVisible).toBeCloseTo(random!.mse, 6);
  });

  it('pools voxels of all crops', async () => {
    const flat = new Float32Array(512).fill(0.4);
    const [, next] = await score(mute, { crops: [ramp, flat], prefixes: 7 });
    expect(next!.mse).toBeCloseTo(203 / 400 / 14, 6);
    expect(next!.voxels).toBe(14 * 64);
  });

  it('that is right has a signal-to-noise ratio of 120 dB, which is a number in a log', async () => {
    const crops = [new Float32Array(512).fill(0.5)];
    const [random] = await score(mute, { crops, objectives: ['random'] });
    expect(random).toMatchObject({ mse: 0, psnr: 120 });
  });
});

describe('scores', () => {
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

/** Each sign, provoked in a real training by what is known to cause it; and none in one that goes well. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { membranes, small } from '../network/small.fixture.ts';
import type { Curriculum } from '../objectives/curriculum.ts';
import { scoreReconstruction } from '../objectives/reconstruction.ts';
import type { Vec3 } from '../ops/ops.ts';
import { Random } from '../random.ts';
import { pretrain, type PretrainingOptions } from '../training/pretraining.ts';
import { TrainingMonitor } from './monitor.ts';
import type { Sign } from './types.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('tensorflow');
});

const space: Vec3 = [8, 8, 8];
const curriculum: Curriculum = [{ until: 1, weights: { random: 0.4, next: 0.3, nextAll: 0.3 }, crop: space }];

/** Cells between dark planes at the same places in every crop, under noise. */
function cells(shape: Vec3, random: Random): Float32Array {
  return membranes(shape, { integer: () => 0 }, 4).map((value) => value + 0.05 * random.normal());
}
const noise = ([z, y, x]: Vec3, random: Random) =>
  Float32Array.from({ length: z * y * x }, () => random.next());

/** Trains, and looks at crops nobody trains on. */
async function signsOf(change: Partial<PretrainingOptions> = {}) {
  const steps = 60;
  const options: PretrainingOptions = {
    ...{ engine, preset: small, curriculum, steps, seed: 1, voxelsPerStep: 2 * 512, checkpointEvery: steps },
    ...{ averageDecay: 0.9, schedule: { peak: 0.02, warmup: 5, final: 1 }, state: {}, crop: cells },
    ...change,
  };
  const heldOut = await Promise.all([101, 102].map((seed) => options.crop(space, new Random(seed))));
  const monitor = new TrainingMonitor({ steps, schedule: options.schedule, curriculum });
  const scored: Parameters<typeof scoreReconstruction>[0] = {
    ...{ engine, parameters: { get: () => expect.fail('no look yet') }, preset: small, crops: heldOut },
    ...{ space, seed: 1, prefixes: 3 },
  };
  let last: Awaited<ReturnType<typeof scoreReconstruction>> = [];
  const probe: PretrainingOptions['probe'] = {
    every: 12,
    async run(parameters) {
      last = await scoreReconstruction({ ...scored, parameters });
      return { scores: last };
    },
  };
  for await (const event of pretrain({ ...options, probe })) monitor.observe(event);
  return { signs: [...new Set<Sign>(monitor.warnings.map(({ sign }) => sign))], last };
}

describe('a training', () => {
  it('that goes well gives no sign, and beats the mean of what is visible in every objective', async () => {
    const { signs, last } = await signsOf();
    expect(signs).toEqual([]);
    for (const { objective, mse, baselines } of last)
      expect(mse, objective).toBeLessThan(baselines.meanVisible);
  });

  it('whose rate is next to nothing converges slowly', async () => {
    const { signs } = await signsOf({ schedule: { peak: 1e-7, warmup: 5, final: 1 } });
    expect(signs).toContain('convergence');
  });

  it('whose weights are decayed to nothing says the same of every voxel: collapse', async () => {
    // biases are not decayed, and those of the next head may still tell one voxel of a token from another
    const schedule = { peak: 0.002, warmup: 5, final: 1 };
    const { signs, last } = await signsOf({ schedule, optimizer: { weightDecay: 490 } });
    expect(signs).toContain('collapse');
    for (const { objective, predictionVariance, targetVariance } of last)
      if (objective !== 'next') expect(predictionVariance, objective).toBeLessThan(0.05 * targetVariance);
  });

  it('of voxels that no other voxel tells of stays under the mean of what is visible: poor reconstruction', async () => {
    const { signs } = await signsOf({ crop: noise });
    expect(signs).toContain('reconstruction');
  });
});

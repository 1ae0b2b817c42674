import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ActivationBytes } from '../ops/shape-ops-memory.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import type { Vec3 } from '../ops/ops.ts';
import { openEngine, type Engine } from '../engines/engine.ts';
import { pretrain } from '../training/pretraining.ts';
import { countPeakBytes } from '../training/train-peak.ts';
import { describeNetwork, recordParameters } from './describe.ts';
import { smallPaper, smallTransformer } from './modules.fixture.ts';
import { zeros } from './parameters.ts';
import { presetNamed, type Preset } from './presets.ts';
import { membranes, small } from './small.fixture.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('cpu');
});

/** Counted bytes of the first step of pretraining on one crop, weights and moments and all. */
async function counted(preset: Preset, crop: Vec3, recompute: boolean): Promise<number> {
  const own = { ...engine, ops: new TensorOps(tf) }; // an engine keeps constants from one run to the next
  const run = pretrain({
    ...{ engine: own, preset, recompute, seed: 1, steps: 2, checkpointEvery: 2, state: {}, voxelsPerStep: 1 },
    curriculum: [{ until: 1, weights: { random: 0.5, next: 0.25, nextAll: 0.25 }, crop }],
    schedule: { peak: 1e-4, warmup: 0, final: 1 },
    averageDecay: 0.99,
    crop: (shape, random) => membranes(shape, random),
  });
  const { result, peak } = await countPeakBytes(tf, () => run.next());
  expect(result.value).toMatchObject({ kind: 'step' });
  await run.return(undefined as never); // one step is enough
  return peak;
}

/** Told from shapes, in shares of what was counted. */
const TOLERANCE = 0.1;

describe('bytes of training, told from shapes, are those that the trainer holds, within 10 %:', () => {
  it.each<[string, Preset, Vec3]>([
    ['small', small, [8, 8, 16]],
    ["the paper's plan", smallPaper, [8, 16, 16]],
    ['Transformer stages', smallTransformer, [4, 16, 16]],
  ])('%s', async (_, preset, crop) => {
    const told = toldOfFirstStep(preset, crop);
    const kept = await counted(preset, crop, false);
    const recomputed = await counted(preset, crop, true);
    expect(Math.abs(told.kept / kept - 1)).toBeLessThan(TOLERANCE);
    expect(Math.abs(told.recomputed / recomputed - 1)).toBeLessThan(TOLERANCE);
    expect(recomputed).toBeLessThan(0.5 * kept);
  });

  it('nano, recomputed', async () => {
    const [preset, crop]: [Preset, Vec3] = [presetNamed('nano'), [16, 16, 16]];
    const recomputed = await counted(preset, crop, true);
    expect(Math.abs(toldOfFirstStep(preset, crop).recomputed / recomputed - 1)).toBeLessThan(TOLERANCE);
  });
});

/** Without the two moments, which are made when the first step's gradient is gone. */
function toldOfFirstStep(preset: Preset, crop: Vec3): ActivationBytes {
  const { trainingBytes, parameterCount } = describeNetwork(preset, 'pretraining', crop, 2);
  const moments = 2 * 4 * parameterCount;
  return { kept: trainingBytes.kept - moments, recomputed: trainingBytes.recomputed - moments };
}

describe('told from shapes', () => {
  it('activations grow with the crop and no faster, weights not at all', () => {
    const nano = presetNamed('nano');
    const [one, eight] = ([64, 128] as const).map((size) =>
      describeNetwork(nano, 'affinities', [size, size, size]),
    );
    for (const kind of ['kept', 'recomputed'] as const) {
      const growth = eight!.activationBytes[kind] / one!.activationBytes[kind];
      expect(growth).toBeGreaterThan(7);
      expect(growth).toBeLessThan(8.2);
      const weights = 4 * one!.parameterCount;
      expect(one!.trainingBytes[kind] - one!.gradientBytes[kind]).toBe(4 * weights);
      expect(one!.gradientBytes[kind]).toBeLessThanOrEqual(one!.activationBytes[kind] + weights);
    }
  });

  it("the paper's network trains on its crop within 24 GB when segments are recomputed, and not otherwise", () => {
    const base = presetNamed('base-anisotropic');
    const { trainingBytes } = describeNetwork(base, 'pretraining', base.crop, 2);
    expect(trainingBytes.recomputed).toBeLessThan(24e9);
    expect(trainingBytes.kept).toBeGreaterThan(24e9);
  });

  it('samples share the multiply-adds and add up their activations', () => {
    const nano = presetNamed('nano');
    const [one, two] = [1, 2].map((samples) => describeNetwork(nano, 'pretraining', nano.crop, samples));
    expect(two!.multiplyAdds).toBe(one!.multiplyAdds);
    expect(two!.activationBytes.kept / one!.activationBytes.kept).toBeCloseTo(2, 1);
  });

  it('a step of two operations is what it holds, by hand', () => {
    const { activationBytes } = recordParameters((ops, p) => {
      const x = ops.add(p.get('a', [1, 100], zeros), p.get('b', [1, 100], zeros)); // saved by both that follow
      ops.multiply(ops.multiply(x, x), x);
    });
    // the sum and two products, of which the last is not saved; gradients of x x, of x there, and of x twice
    expect(activationBytes.kept).toBe(400 * (2 + 4));
    // the last product is read, the first is, and gradients of x and of x x are made while both are saved
    expect(activationBytes.recomputed).toBe(400 * (2 + 1 + 2));
  });
});

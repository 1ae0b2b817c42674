import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { membranes } from '../network/small.fixture.ts';
import { presetNamed } from '../network/presets.ts';
import type { Vec3 } from '../ops/ops.ts';
import { pretrain } from './pretraining.ts';
import { countPeakBytes } from './train-peak.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('tensorflow');
});

const GB = 1e9;

/** One real step of pretraining with one crop in both rows, optimizer and average included. */
async function peakOfAStep(preset: string, crop: Vec3, recompute: boolean) {
  const begun = performance.now();
  const run = pretrain({
    engine,
    preset: presetNamed(preset),
    curriculum: [{ until: 1, weights: { random: 0.4, next: 0.3, nextAll: 0.3 }, crop }],
    voxelsPerStep: 1,
    steps: 2,
    seed: 1,
    schedule: { peak: 1e-4, warmup: 0, final: 1 },
    averageDecay: 0.999,
    checkpointEvery: 2,
    state: {},
    recompute,
    crop: (shape, random) => membranes(shape, random),
  });
  const { result, peak } = await countPeakBytes(engine.tf, () => run.next());
  await run.return(undefined as never); // leaves after one step
  if (result.done || result.value.kind !== 'step') throw new Error('no step');
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `${preset} on ${crop.join(' x ')}${recompute ? ', recomputed' : ''}: peak ${(peak / GB).toFixed(2)} GB, ${seconds.toFixed(0)} s, resident ${(process.memoryUsage.rss() / GB).toFixed(2)} GB`,
  );
  return { peak, loss: result.value.losses['total']! };
}

describe('a training step', () => {
  it('of base fits on 16 x 160 x 160 within 24 GB, with room to spare', async () => {
    const { peak, loss } = await peakOfAStep('base-anisotropic', [16, 160, 160], true);
    expect(loss).toBeGreaterThan(0);
    expect(peak).toBeLessThan(24 * GB);
  });
});

import { expect, it } from 'vitest';
import type { Engine } from '../engines/engine.ts';
import { membranes, small } from '../network/small.fixture.ts';
import { pretrain, type PretrainingOptions } from '../training/pretraining.ts';

const STEPS = 3;
const SPACE = [8, 8, 8] as const;

/** Losses of a short pretraining, and how many tensors there were after each step. */
async function run(engine: Engine, options: Partial<PretrainingOptions>) {
  const losses: number[] = [];
  const tensors: number[] = [];
  const training = pretrain({
    engine,
    preset: small,
    curriculum: [{ until: 1, crop: SPACE, weights: { random: 0.5, next: 0.25, nextAll: 0.25 } }],
    voxelsPerStep: 2 * 2 * 512,
    crop: (shape, random) => membranes(shape, random),
    steps: STEPS,
    seed: 5,
    schedule: { peak: 3e-3, warmup: 0, final: 0.1 },
    averageDecay: 0.9,
    checkpointEvery: STEPS,
    state: {},
    ...options,
  });
  for await (const event of training) {
    if (event.kind !== 'step') continue;
    losses.push(event.losses['total']!);
    tensors.push(engine.tf.memory().numTensors);
  }
  return { losses, tensors };
}

/** A short training: the losses of `cpu` within 1e-3, and no step leaves a tensor behind. */
export function trainingTests(engines: () => { engine: Engine; cpu: Engine }): void {
  it.each<[string, Partial<PretrainingOptions>]>([
    ['', {}],
    [', in micro-batches and with activations computed again', { accumulate: 2, recompute: true, steps: 2 }],
  ])(`a training has the losses of cpu, and keeps nothing of a step%s`, async (_, options) => {
    const { engine, cpu } = engines();
    // small tensors are computed on the processor again, as they are outside tests
    if (engine.name === 'webgpu') engine.tf.env().set('WEBGPU_CPU_FORWARD', true);
    const [actual, expected] = [await run(engine, options), await run(cpu, options)];
    for (const [step, loss] of expected.losses.entries())
      expect(Math.abs(actual.losses[step]! - loss) / loss, `step ${step + 1}`).toBeLessThan(1e-3);
    expect(expected.losses.at(-1)).toBeLessThan(expected.losses[0]!);
    // the first step makes the optimizer's moments and the constants
    expect(new Set(actual.tensors.slice(1)).size).toBe(1);
  });
}

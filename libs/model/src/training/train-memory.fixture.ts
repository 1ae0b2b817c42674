import * as tf from '@tensorflow/tfjs';
import type { Engine } from '../engines/engine.ts';
import { finetune } from './finetuning.ts';
import { pretrain } from './pretraining.ts';
import { drain, least, network, tuning, type Run } from './train.fixture.ts';

/** Tensors and bytes alive after each step. */
async function alive(run: Run): Promise<string[]> {
  const counts: string[] = [];
  await drain(run, ({ kind }) => {
    const { numTensors, numBytes } = tf.memory();
    if (kind === 'step') counts.push(`${numTensors} tensors, ${numBytes} bytes`);
  });
  return counts;
}

/** The same of both loops, with everything on that keeps tensors between micro-batches and steps. */
export const loops = {
  pretraining: (engine: Engine, steps: number) =>
    alive(
      pretrain(
        network(engine, {
          ...everything(steps),
          voxelsPerStep: 1,
          curriculum: [{ until: 1, weights: { random: 0.4, next: 0.3, nextAll: 0.3 }, crop: [4, 4, 8] }],
        }),
      ),
    ),
  'fine-tuning': (engine: Engine, steps: number) =>
    alive(finetune(tuning(engine, { ...everything(steps), crop: [4, 4, 8] }))),
} as const;

const everything = (steps: number) => ({
  preset: least,
  steps,
  accumulate: 2,
  recompute: true,
  checkpointEvery: Math.ceil(steps / 4),
  probe: { every: Math.ceil(steps / 4), run: async () => ({}) },
});

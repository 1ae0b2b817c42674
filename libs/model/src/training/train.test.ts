import * as tf from '@tensorflow/tfjs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint.ts';
import { openEngine, type Engine } from '../engines/engine.ts';
import { isModelError } from '../errors.ts';
import { pretrain } from './pretraining.ts';
import { rateAt } from './schedule.ts';
import {
  curriculum,
  drain,
  line as lineOn,
  network as networkOn,
  parameters,
  schedule,
  type Run,
} from './train.fixture.ts';
import { train } from './train.ts';
import { initialWeights } from './weights.ts';

let engine: Engine;
let directory: string;
beforeAll(async () => {
  engine = await openEngine('cpu');
  directory = await mkdtemp(join(tmpdir(), 'train-'));
});
afterAll(() => rm(directory, { recursive: true }));

const line = (options: Parameters<typeof lineOn>[1] = {}) => lineOn(engine, options);
const network = (options: Parameters<typeof networkOn>[1] = {}) => networkOn(engine, options);

describe('training', () => {
  it('lowers the loss and reports every step', async () => {
    const { events, steps, losses, finished, checkpoint } = await drain(train(line({ steps: 60 })));
    expect(finished).toBe(true);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(steps.map(({ rate }) => rate)).toEqual(steps.map((_, i) => rateAt(schedule, i, 60)));
    for (const event of steps) {
      expect(event).toMatchObject({ steps: 60, voxels: 15 });
      expect(event.gradientNorm).toBeGreaterThan(0);
      expect(event.losses['weight']).toBeGreaterThan(0);
    }
    const at = events.flatMap((event) => (event.kind === 'checkpoint' ? [event.step] : []));
    expect(at).toEqual(Array.from({ length: 15 }, (_, i) => (i + 1) * 4));
    expect(checkpoint.state).toEqual({ purpose: 'line', seed: 1, step: 60, steps: 60 });
  });

  it('ends with a checkpoint, whatever the distance between them', async () => {
    const { events } = await drain(train(line({ steps: 5, checkpointEvery: 3 })));
    expect(events.flatMap((event) => (event.kind === 'checkpoint' ? [event.step] : []))).toEqual([3, 5]);
  });

  it('times a step by the clock it is given', async () => {
    let clock = 0;
    const { steps } = await drain(train(line({ now: () => (clock += 250) })));
    expect(steps.map(({ seconds }) => seconds)).toEqual(steps.map(() => 0.25));
  });

  it('is the seed’s: the same weights again, others for another seed', async () => {
    const [first, again, other] = [
      await drain(train(line())),
      await drain(train(line())),
      await drain(train(line({ seed: 2 }))),
    ];
    expect(again.checkpoint).toEqual(first.checkpoint);
    expect(other.checkpoint.weights).not.toEqual(first.checkpoint.weights);
  });

  it('draws other batches for another seed even from the same weights', async () => {
    const weights = initialWeights(parameters, 1);
    const [first, other] = [
      await drain(train(line({ weights }))),
      await drain(train(line({ weights, seed: 2 }))),
    ];
    expect(other.losses).not.toEqual(first.losses);
  });

  it('keeps the average of the weights apart from the weights', async () => {
    const { checkpoint } = await drain(train(line()));
    expect([...checkpoint.average!.keys()]).toEqual([...checkpoint.weights.keys()]);
    expect(checkpoint.average).not.toEqual(checkpoint.weights);
  });
});

describe('a resumed run', () => {
  it('has the losses and weights of an undisturbed one, bit for bit, through a file', async () => {
    const undisturbed = await drain(train(line()));
    for (const stop of [1, 4, 7]) {
      const stopper = new AbortController();
      const first = await drain(train(line({ signal: stopper.signal })), (event) => {
        if (event.kind === 'step' && event.step === stop) stopper.abort();
      });
      expect(first.finished).toBe(false);
      expect(first.checkpoint.state['step']).toBe(stop);
      const path = join(directory, `stopped-${stop}.safetensors`);
      await writeCheckpoint(path, first.checkpoint);
      const resumed = await drain(train(line({ resume: await readCheckpoint(path) })));
      expect([...first.losses, ...resumed.losses]).toEqual(undisturbed.losses);
      expect(resumed.checkpoint).toEqual(undisturbed.checkpoint);
    }
  });

  it('is the same with the whole network, across phases of the curriculum', async () => {
    const undisturbed = await drain(pretrain(network()));
    const stopper = new AbortController();
    const first = await drain(pretrain(network({ signal: stopper.signal })), (event) => {
      if (event.kind === 'step' && event.step === 2) stopper.abort();
    });
    const resumed = await drain(pretrain(network({ resume: first.checkpoint })));
    expect([...first.losses, ...resumed.losses]).toEqual(undisturbed.losses);
    expect(resumed.checkpoint).toEqual(undisturbed.checkpoint);
    expect(undisturbed.steps.map(({ voxels }) => voxels)).toEqual([1024, 1024, 1536, 1536, 1536, 1536]);
  });

  it('that was finished has nothing to do, and says so', async () => {
    const { checkpoint } = await drain(train(line()));
    const again = await drain(train(line({ resume: checkpoint })));
    expect(again.steps).toEqual([]);
    expect(again.finished).toBe(true);
    expect(again.checkpoint).toEqual(checkpoint);
  });

  it('needs the state of the optimizer', async () => {
    const { checkpoint } = await drain(train(line()));
    const { weights, state } = checkpoint;
    const error: unknown = await drain(train(line({ resume: { weights, state } }))).catch((e: unknown) => e);
    expect(isModelError(error, 'model/checkpoint')).toBe(true);
    expect(String(error)).toContain('holds no optimizer state');
  });
});

describe('stopping', () => {
  it('before the first step leaves a checkpoint of step 0', async () => {
    const { events, finished, checkpoint } = await drain(train(line({ signal: AbortSignal.abort() })));
    expect(finished).toBe(false);
    expect(events.map(({ kind }) => kind)).toEqual(['checkpoint']);
    expect(checkpoint.state['step']).toBe(0);
    expect(checkpoint.weights).toEqual(line().weights);
  });
});

describe('memory', () => {
  /** Tensors alive at the end of each step. */
  async function tensorsIn(run: Run): Promise<number[]> {
    const counts: number[] = [];
    await drain(run, ({ kind }) => {
      if (kind === 'step') counts.push(tf.memory().numTensors);
    });
    return counts;
  }

  it('stays flat over 20 steps of the network', async () => {
    const flat = [{ until: 1, weights: { random: 0.4, next: 0.3, nextAll: 0.3 }, crop: [8, 8, 8] }] as const;
    const counts = await tensorsIn(pretrain(network({ steps: 20, curriculum: flat, checkpointEvery: 7 })));
    expect(counts).toHaveLength(20);
    // the first step makes moments and the network's constants
    expect(new Set(counts.slice(1)).size, String(counts)).toBe(1);
  });

  it('is given back when a run ends, fails, or is left early', async () => {
    await drain(train(line()));
    const before = tf.memory().numTensors;
    await drain(train(line()));
    const { checkpoint } = await drain(train(line({ signal: AbortSignal.abort() })));
    await drain(train(line({ resume: checkpoint })));
    for await (const event of train(line())) if (event.kind === 'step' && event.step === 3) break;
    const broken = line({ sample: () => Float32Array.from({ length: 15 }, () => NaN) });
    await drain(train(broken)).catch(() => {});
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('a crop of the wrong size or an impossible curriculum is refused before anything runs', () => {
  expect(() => pretrain(network({ curriculum: [{ ...curriculum[1]!, crop: [8, 8, 10] }] }))).toThrow(
    /axis x must be a positive multiple of 4/,
  );
  expect(() => pretrain(network({ curriculum: curriculum.slice(0, 1) }))).toThrow(/must end at 1/);
});

it('a step sees as many crops as its voxels allow, and at least one', async () => {
  const seen: number[] = [];
  const run = (voxelsPerStep: number) =>
    drain(pretrain(network({ steps: 1, voxelsPerStep, curriculum: [{ ...curriculum[0]!, until: 1 }] })));
  for (const voxels of [1, 1024, 3 * 1024 + 1023]) seen.push((await run(voxels)).steps[0]!.voxels);
  expect(seen).toEqual([1024, 1024, 3 * 1024]); // each crop goes through twice
});

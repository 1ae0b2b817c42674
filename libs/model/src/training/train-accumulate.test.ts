import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { describeNetwork } from '../network/describe.ts';
import { membranes, relativeError, small, uniform } from '../network/small.fixture.ts';
import { Random } from '../random.ts';
import { finetune, type FinetuningOptions } from './finetuning.ts';
import { pretrain } from './pretraining.ts';
import { drain, line, network, parameters, tuning } from './train.fixture.ts';
import { countPeakBytes } from './train-peak.ts';
import { train, type TrainingEvent } from './train.ts';
import type { Weights } from './weights.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('cpu');
});

/** One update without decay: what a gradient did. */
const once = { steps: 1, checkpointEvery: 1, schedule: { peak: 0.01, warmup: 0, final: 1 } };

function expectSame(actual: Weights, expected: Weights, tolerance = 1e-5): void {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  for (const [name, { data }] of expected)
    if (data.some((value) => value !== 0))
      expect(relativeError(actual.get(name)!.data, data), name).toBeLessThan(tolerance);
}

describe('four micro-batches of one', () => {
  it('give the loss, gradient norm and moments of one batch of four', async () => {
    const points = Array.from({ length: 4 }, (_, i) => uniform([15], i + 1));
    let drawn = 0;
    const parts = await drain(
      train(line(engine, { ...once, accumulate: 4, sample: () => points[drawn++]! })),
    );
    const options = line(engine, once);
    const whole = await drain(
      train({
        ...options,
        sample: () => Float32Array.from(points.flatMap((values) => [...values])),
        loss: (ops, p, batch) => {
          const x = ops.tf.tensor2d(batch, [20, 3]);
          const y = ops.add(
            ops.dense(x, p.get('line.weight', [3, 1], parameters[0]!.init)),
            p.get('line.bias', [1], parameters[1]!.init),
          );
          return { total: y.sub(x.sum(1, true)).square().mean() as tf.Scalar };
        },
      }),
    );
    expect(drawn).toBe(4);
    expect(parts.losses[0]).toBeCloseTo(whole.losses[0]!, 6);
    expect(parts.steps[0]!.gradientNorm).toBeCloseTo(whole.steps[0]!.gradientNorm, 5);
    expect(parts.steps[0]!.voxels).toBe(60);
    expectSame(parts.checkpoint.optimizer!.moments, whole.checkpoint.optimizer!.moments);
    expectSame(parts.checkpoint.weights, whole.checkpoint.weights);
  });

  it('do so for fine-tuning the network, where every crop has as many links', async () => {
    const crops = Array.from({ length: 4 }, (_, i) => ({
      raw: membranes([8, 8, 8], new Random(i)),
      // two neurons of the same halves everywhere: as many links across in each crop
      labels: Uint32Array.from({ length: 512 }, (_, v) => (v % 8 < 4 ? 1 : 2)),
    }));
    const run = async (options: Pick<FinetuningOptions, 'batch' | 'accumulate'>) => {
      let drawn = 0;
      return drain(finetune(tuning(engine, { ...once, ...options, sampleCrop: () => crops[drawn++]! })));
    };
    const [parts, whole] = [await run({ batch: 1, accumulate: 4 }), await run({ batch: 4 })];
    expect(parts.losses[0]).toBeCloseTo(whole.losses[0]!, 6);
    expect(parts.steps[0]!.voxels).toBe(4 * 512);
    expectMoments(parts.checkpoint.optimizer!.moments, whole.checkpoint.optimizer!.moments);
  });
});

/** Rounding is of the size of the largest moment: those of a normalised layer's input are all rounding. */
function expectMoments(actual: Weights, expected: Weights): void {
  let [worst, largest] = [0, 0];
  for (const [name, { data }] of expected) {
    if (!name.endsWith(':first')) continue;
    data.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - actual.get(name)!.data[i]!));
      largest = Math.max(largest, Math.abs(value));
    });
  }
  expect(largest).toBeGreaterThan(0);
  expect(worst / largest).toBeLessThan(1e-4);
}

describe('micro-batches', () => {
  it('draw from streams of their own; the first from the one of a run without', async () => {
    const draws = async (accumulate?: number) => {
      const seen: number[][] = [];
      await drain(
        train(
          line(engine, {
            steps: 2,
            ...(accumulate === undefined ? {} : { accumulate }),
            sample(step, random) {
              (seen[step] ??= []).push(random.state);
              return uniform([15], 1);
            },
          }),
        ),
      );
      return seen;
    };
    const [plain, one, three] = [await draws(), await draws(1), await draws(3)];
    expect(one).toEqual(plain);
    expect(plain[1]).toEqual([Random.named(1, 'step 1').state]);
    expect(three[1]).toEqual(
      ['step 1', 'step 1 part 1', 'step 1 part 2'].map((name) => Random.named(1, name).state),
    );
  });

  it('of 1 change nothing, bit for bit', async () => {
    const [plain, one] = [
      await drain(pretrain(network(engine, { steps: 2 }))),
      await drain(pretrain(network(engine, { steps: 2, accumulate: 1 }))),
    ];
    expect(one.checkpoint).toEqual(plain.checkpoint);
  });

  it('need to be one or more', async () => {
    for (const accumulate of [0, 1.5, NaN])
      await expect(drain(train(line(engine, { accumulate })))).rejects.toThrow(
        `accumulate is ${accumulate} at step 1; a step needs a whole number of micro-batches, at least 1.`,
      );
  });

  it('need the memory of two, however many they are', async () => {
    const peak = async (accumulate: number) => {
      let bytes = 0;
      await drain(
        train(
          line(engine, {
            ...once,
            accumulate,
            sample(_, random) {
              bytes = Math.max(bytes, tf.memory().numBytes);
              return uniform([15], random.state);
            },
          }),
        ),
      );
      return bytes;
    };
    const [two, forty] = [await peak(2), await peak(40)];
    expect(forty).toBe(two);
  });

  it('can be stopped in between: the step was not taken, and a resumed run takes it as it would have been', async () => {
    const undisturbed = await drain(pretrain(network(engine, { accumulate: 2, steps: 3 })));
    const stopper = new AbortController();
    let crops = 0;
    const options = network(engine, { accumulate: 2, steps: 3 });
    const before = tf.memory().numTensors;
    const first = await drain(
      pretrain({
        ...options,
        signal: stopper.signal,
        crop(shape, random) {
          if (++crops === 3) stopper.abort(); // in the first micro-batch of the second step
          return options.crop(shape, random);
        },
      }),
    );
    expect(tf.memory().numTensors).toBe(before);
    expect(crops).toBe(3);
    expect(first.checkpoint.state['step']).toBe(1);
    const resumed = await drain(pretrain({ ...options, resume: first.checkpoint }));
    expect([...first.losses, ...resumed.losses]).toEqual(undisturbed.losses);
    expect(resumed.checkpoint).toEqual(undisturbed.checkpoint);
  });
});

describe('a look at the network', () => {
  it('comes every so often and at the end, with the averaged weights, before the checkpoint', async () => {
    const seen: [number, number][] = [];
    const { events, checkpoint } = await drain(
      train(
        line(engine, {
          steps: 5,
          probe: {
            every: 2,
            async run(p, step) {
              const weight = p.get('line.weight', [3, 1], parameters[0]!.init);
              const value = (await weight.data())[0]!;
              seen.push([step, value]);
              return { value };
            },
          },
        }),
      ),
    );
    expect(seen.map(([step]) => step)).toEqual([2, 4, 5]);
    expect(seen.at(-1)![1]).toBe(checkpoint.average!.get('line.weight')!.data[0]);
    const told = (event: TrainingEvent) => `${event.kind} ${event.step}`;
    expect(events.map(told).slice(-6)).toEqual([
      'step 4',
      'probe 4',
      'checkpoint 4',
      'step 5',
      'probe 5',
      'checkpoint 5',
    ]);
    expect(events.filter(({ kind }) => kind === 'probe')).toEqual(
      seen.map(([step, value]) => ({ kind: 'probe', step, value })),
    );
  });

  it('changes nothing of the training', async () => {
    const plain = await drain(train(line(engine)));
    const looked = await drain(train(line(engine, { probe: { every: 1, run: async () => ({}) } })));
    expect(looked.checkpoint).toEqual(plain.checkpoint);
  });
});

describe('a checkpoint of another run is refused before anything runs', () => {
  const resume = async (checkpoint: Awaited<ReturnType<typeof drain>>['checkpoint'], options = {}) =>
    String(
      await drain(pretrain(network(engine, { steps: 2, resume: checkpoint, ...options }))).catch(
        (e: unknown) => e,
      ),
    );

  it('of another preset: the first tensor that differs, with both shapes', async () => {
    const wide = { ...small, name: 'wide', stem: { ...small.stem, width: 8 } };
    const { checkpoint } = await drain(pretrain(network(engine, { steps: 1, preset: wide })));
    expect(await resume(checkpoint)).toContain(
      "Weight 'stem.weight' of the checkpoint to resume has shape [3,3,3,1,8], the network needs [3,3,3,1,4]; use the preset it was trained with.",
    );
  });

  it('of another head: the first tensor that is not there', async () => {
    const weights = (await drain(pretrain(network(engine, { steps: 1 })))).checkpoint;
    const { parameters: affinities } = describeNetwork(small, 'affinities');
    const missing = affinities.find(({ name }) => !weights.weights.has(name))!.name;
    const error: unknown = await drain(finetune(tuning(engine, { resume: weights }))).catch(
      (e: unknown) => e,
    );
    expect(String(error)).toContain(`the checkpoint to resume has no weight '${missing}'`);
  });

  it('of another seed, and of damaged moments', async () => {
    const { checkpoint } = await drain(pretrain(network(engine, { steps: 1 })));
    expect(await resume(checkpoint, { seed: 2 })).toContain('was trained with seed 1, not 2');
    const moments = new Map(checkpoint.optimizer!.moments);
    moments.delete('stem.weight:second');
    expect(await resume({ ...checkpoint, optimizer: { step: 1, moments } })).toContain(
      "the optimizer of the checkpoint to resume has no weight 'stem.weight:second'",
    );
  });
});

it('recomputation changes the memory of a step and not its result', async () => {
  const runs = [false, true].map((recompute) => async () => {
    const run = pretrain(network(engine, { steps: 2, checkpointEvery: 2, recompute }));
    const { result, peak } = await countPeakBytes(tf, () => drain(run));
    return { ...result, peak };
  });
  const [kept, dropped] = [await runs[0]!(), await runs[1]!()];
  dropped.losses.forEach((loss, i) => expect(loss).toBeCloseTo(kept.losses[i]!, 5));
  dropped.steps.forEach(({ gradientNorm }, i) =>
    expect(gradientNorm / kept.steps[i]!.gradientNorm).toBeCloseTo(1, 4),
  );
  expect(dropped.peak).toBeLessThan(kept.peak / 2);
});

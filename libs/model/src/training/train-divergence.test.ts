import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { ModelError } from '../errors.ts';
import { membranes } from '../network/small.fixture.ts';
import { checkFinite } from './train-divergence.ts';
import { drain, line, network, schedule, type Run } from './train.fixture.ts';
import { pretrain } from './pretraining.ts';
import { train, type TrainingEvent } from './train.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine('cpu');
});

async function diverging(run: Run): Promise<{ error: ModelError; events: TrainingEvent[] }> {
  const events: TrainingEvent[] = [];
  const error: unknown = await drain(run, (event) => events.push(event)).catch((e: unknown) => e);
  if (error instanceof ModelError) return { error, events };
  throw new Error(`not refused: ${String(error)}`);
}

/** NaN in the sample of one step. */
const poisoned = (at: number, length = 15) => ({
  sample: (step: number, random: { normal(): number }) =>
    Float32Array.from({ length }, () => (step === at ? NaN : random.normal())),
});

describe('a run stops where its numbers end', () => {
  it('at a loss that is NaN, with step, origin, rate and the last good checkpoint', async () => {
    const { error, events } = await diverging(
      train(line(engine, { ...poisoned(5), origin: () => 'cube.h5 at [0, 8, 16]' })),
    );
    expect(error.code).toBe('model/diverged');
    expect(error.message).toMatch(
      /^At step 6 of 8 the loss of the batch from cube\.h5 at \[0, 8, 16\] is NaN and its gradient's norm NaN; resume from the checkpoint of step 4 with a lower rate than 0\.0\d+, or without that batch if its voxels are no numbers\.$/,
    );
    expect(error.details).toMatchObject({ step: 6, origin: 'cube.h5 at [0, 8, 16]', lastGoodStep: 4 });
    expect(events.at(-1)).toMatchObject({ kind: 'step', step: 5 }); // nothing of the bad step
    const good = events.find((event) => event.kind === 'checkpoint')!.checkpoint;
    expect(good.weights.get('line.weight')!.data.every(Number.isFinite)).toBe(true);
  });

  it('names the micro-batch among several, and no other', async () => {
    let drawn = 0;
    const { error } = await diverging(
      train(
        line(engine, {
          accumulate: 3,
          sample: (_, random) =>
            Float32Array.from({ length: 15 }, () => (drawn === 4 ? NaN : random.normal())).fill(
              drawn++,
              0,
              0,
            ),
          origin: () => `crop ${drawn}`,
        }),
      ),
    );
    expect(error.details).toMatchObject({ step: 2, origin: 'crop 5' });
    expect(error.message).toContain('; start again with a lower rate');
  });

  it('at a NaN voxel of a crop, naming the crop', async () => {
    let crops = 0;
    const origins = new WeakMap<Float32Array, string>();
    const { error } = await diverging(
      pretrain(
        network(engine, {
          voxelsPerStep: 4 * 512,
          crop(shape, random) {
            const crop = membranes(shape, random);
            if (crops === 3) crop.fill(NaN);
            origins.set(crop, `crop ${crops++}`);
            return crop;
          },
          origin: (crop) => origins.get(crop)!,
        }),
      ),
    );
    expect(error.details).toMatchObject({ step: 2, origin: 'crop 2, crop 3' });
  });

  it('at an infinite rate, before the step', async () => {
    const { error, events } = await diverging(
      train(line(engine, { schedule: { ...schedule, peak: Infinity } })),
    );
    expect(error.code).toBe('model/diverged');
    expect(error.message).toBe(
      'At step 1 of 8 the rate is Infinity; start again with a schedule of finite rates.',
    );
    expect(events).toEqual([]);
  });

  it('at a weight that is no number though the loss was, and writes no checkpoint of it', async () => {
    const { error, events } = await diverging(
      train(line(engine, { checkpointEvery: 1, schedule: { peak: 3e38, warmup: 0, final: 1 } })),
    );
    expect(error.code).toBe('model/diverged');
    const checkpoints = events.filter(({ kind }) => kind === 'checkpoint').length;
    expect(error.details['lastGoodStep']).toBe(checkpoints === 0 ? undefined : checkpoints);
    for (const event of events)
      if (event.kind === 'checkpoint')
        for (const { data } of event.checkpoint.weights.values())
          expect(data.every(Number.isFinite)).toBe(true);
  });

  it('checks weights, moments and average', () => {
    const [fine, bad] = [1, NaN].map(
      (value) => new Map([['a', { shape: [1], data: Float32Array.of(value) }]]),
    ) as [
      Map<string, { shape: number[]; data: Float32Array }>,
      Map<string, { shape: number[]; data: Float32Array }>,
    ];
    const at = { step: 3, steps: 9, rate: 0.1, good: 2 };
    const whole = { weights: fine, average: fine, optimizer: { step: 4, moments: fine }, state: {} };
    expect(() => checkFinite(whole, at)).not.toThrow();
    for (const [group, broken] of [
      ['weight', { ...whole, weights: bad }],
      ['moment', { ...whole, optimizer: { step: 4, moments: bad } }],
      ['average', { ...whole, average: bad }],
    ] as const)
      expect(() => checkFinite(broken, at)).toThrow(
        `At step 4 of 9 ${group} 'a' became NaN; resume from the checkpoint of step 2 with a lower rate than 0.1.`,
      );
  });

  it('names the checkpoint it was resumed from until there is another', async () => {
    const { checkpoint } = await drain(train(line(engine, { signal: abortedAfter(2) })));
    const { error } = await diverging(train(line(engine, { ...poisoned(2), resume: checkpoint })));
    expect(error.details).toMatchObject({ step: 3, lastGoodStep: 2 });
  });
});

/** A signal that is aborted when it was looked at this often. */
function abortedAfter(looks: number): AbortSignal {
  let seen = 0;
  return {
    get aborted() {
      return seen++ >= looks;
    },
  } as AbortSignal; // `aborted` is all that training reads
}

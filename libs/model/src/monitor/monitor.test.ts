/** The signs in events that are made up; `signs.tensorflow.test.ts` provokes each in a training. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultCurriculum } from '../objectives/curriculum.ts';
import { Random } from '../random.ts';
import { rateAt } from '../training/schedule.ts';
import type { ProbeEvent, StepEvent } from '../training/train-options.ts';
import { TrainingMonitor } from './monitor.ts';
import type { MonitorOptions } from './options.ts';
import type { ProbeScore, TrainingWarning } from './types.ts';

const steps = 1000;
const schedule = { peak: 2e-3, warmup: 50, final: 0.02 };
const options: MonitorOptions = { steps, schedule };
const random = new Random(1);

const step = (at: number, losses: StepEvent['losses']): StepEvent => ({
  kind: 'step',
  step: at,
  steps,
  losses,
  rate: rateAt(schedule, at - 1, steps),
  gradientNorm: 1,
  voxels: 1,
  seconds: 1,
});

const fine: ProbeScore = {
  objective: 'random',
  mse: 0.01,
  psnr: 20,
  baselines: { meanVisible: 0.02 },
  predictionVariance: 0.01,
  targetVariance: 0.02,
};
const probe = (at: number, ...scores: Partial<ProbeScore>[]): ProbeEvent => ({
  kind: 'probe',
  step: at,
  scores: scores.map((score) => ({ ...fine, ...score })),
});

const watch = (events: readonly (StepEvent | ProbeEvent)[], more: Partial<MonitorOptions> = {}) => {
  const monitor = new TrainingMonitor({ ...options, ...more });
  return events.flatMap((event) => monitor.observe(event));
};
const said = (warnings: readonly TrainingWarning[]) => warnings.map(({ sign, step: at }) => [sign, at]);

/** A loss that falls by a factor of e in so many steps, under noise as of one crop a step. */
const falling = (steps_: number, { noise = 0.3, floor = 0 } = {}) =>
  Array.from({ length: steps }, (_, i) => {
    const draw = (spread: number) => (floor + Math.exp(-i / steps_)) * Math.exp(spread * random.normal());
    return step(i + 1, { total: draw(noise), random: draw(noise), next: draw(2 * noise) });
  });

describe('poor reconstruction', () => {
  const poor = { mse: 0.03 };
  it('is said when two looks in a row are under the mean of the visible tokens and no nearer to it, with both PSNRs and the remedy', () => {
    const [warning, ...others] = watch([100, 200, 300, 400].map((at) => probe(at, poor)));
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      sign: 'reconstruction',
      step: 300,
      values: { objective: 'random', baseline: expect.closeTo(16.99, 2), psnr: expect.closeTo(15.23, 2) },
      message:
        'Poor reconstruction at step 300: on held-out voxels the objective random has a PSNR of 15.23 dB, under the 16.99 dB of the mean of the visible tokens; ' +
        'check the size of a token (it must be smaller than what is to be seen) and the length of the sequence: another preset, or larger crops (--crops).',
    });
  });

  it('is not said of an objective that gets nearer to the mean, a tenth of the training later', () => {
    const looks = (factor: number) =>
      Array.from({ length: 20 }, (_, i) => probe((i + 1) * 50, { mse: 0.021 + 0.1 * factor ** i }));
    expect(watch(looks(0.9))).toEqual([]);
    expect(said(watch(looks(0.3)))[0]?.[0]).toBe('reconstruction'); // arrives above the mean, and stays there
  });

  it('is not said of one look, nor of two with a good one in between, nor exactly at the mean', () => {
    expect(watch([100, 200, 300, 400, 500].map((at) => probe(at, at % 200 === 0 ? poor : {})))).toEqual([]);
    expect(watch([100, 200, 300].map((at) => probe(at, { mse: 0.02 })))).toEqual([]);
  });

  it('is not said of an objective that the curriculum has not dwelt on', () => {
    const looks = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000].map((at) =>
      probe(at, { objective: 'nextAll', mse: 1 }),
    );
    // 0.09 of 70 % of the steps, then 0.73: a tenth of the steps is reached after 750, and 800 is the phase's first look
    expect(said(watch(looks, { curriculum: defaultCurriculum }))).toEqual([['reconstruction', 1000]]);
    expect(said(watch(looks))[0]).toEqual(['reconstruction', 300]);
  });
});

describe('collapse', () => {
  const flat = { predictionVariance: 0.0009 };
  it('is said when predictions vary less than a twentieth of their targets, with the share, the limit and the remedy', () => {
    const [warning, ...others] = watch([probe(200, flat), probe(300, flat)]);
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      sign: 'collapse',
      step: 300,
      values: { objective: 'random', ratio: expect.closeTo(0.045), limit: 0.05 },
      message:
        'Collapse at step 300: on held-out voxels the predictions of the objective random vary 4.5 % as much as their targets, and at least 5 % is due; ' +
        'check the prediction heads and the regularisation: a lower optimizer.weightDecay, a lower rate, or a wider preset.',
    });
  });

  it('is not said at the limit, nor of targets that do not vary', () => {
    const still = { predictionVariance: 0, targetVariance: 0 };
    for (const score of [{ predictionVariance: 0.001 }, still])
      expect(watch([200, 300, 400].map((at) => probe(at, score)))).toEqual([]);
  });

  it('is not said during the warm-up or before the grace is over', () => {
    expect(watch([probe(20, flat), probe(40, flat), probe(60, flat), probe(99, flat)])).toEqual([]);
  });
});

describe('slow convergence', () => {
  it('is said of a loss that stays where it is while the rate is near its peak, with the fall, the limit and the remedy', () => {
    const [warning, ...others] = watch(falling(1e9));
    expect(warning).toMatchObject({ sign: 'convergence', values: { limit: 0.02, window: 100 } });
    expect(warning!.step).toBeLessThan(400);
    expect(warning!.message).toMatch(
      /^Slow convergence at step \d+ of 1000: over 100 steps the loss (fell|rose) by \d\.\d % while the rate 0\.00\d+ was near its peak, where at least 2\.0 % is due; try another --rate/,
    );
    expect(others).toEqual([]);
  });

  it('is said of one that rises', () => expect(said(watch(falling(-500)))[0]?.[0]).toBe('convergence'));

  it('is not said of one that falls by a seventh each window, under noise, whatever the noise', () =>
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const noise = new Random(seed);
        const events = falling(600).map((event) =>
          step(event.step, { total: Math.exp(-event.step / 600 + 0.3 * noise.normal()) }),
        );
        expect(watch(events)).toEqual([]);
      }),
      { numRuns: 20 },
    ));

  it('is not said of one that has come down already, unless held-out voxels say that it is nowhere', () => {
    const down = falling(20, { floor: 0.1 });
    expect(watch(down)).toEqual([]);
    const at = down.findIndex((event) => event.step === 150);
    const looked = (mse: number) => [...down.slice(0, at), probe(150, { mse }), ...down.slice(at)];
    expect(watch(looked(0.01))).toEqual([]);
    expect(said(watch(looked(0.019)))[0]?.[0]).toBe('convergence');
  });

  it('compares within a phase: crops of another size have another loss', () => {
    const jump = falling(600).map((event) => {
      const losses = Object.entries(event.losses).map(([name, loss]) => [name, 20 * loss]);
      return event.step > 300 ? step(event.step, Object.fromEntries(losses)) : event;
    });
    expect(watch(jump, { curriculum: defaultCurriculum })).toEqual([]);
    expect(watch(jump)).not.toEqual([]);
  });

  it('is not said when the rate has come down, nor in a training too short to tell', () => {
    const late = falling(1e9).map((event) =>
      event.step < 450 ? step(event.step, { total: 1 / event.step }) : event,
    );
    expect(watch(late)).toEqual([]);
    expect(watch(falling(1e9).slice(0, 40), { steps: 40 })).toEqual([]);
  });
});

describe('a training that went well', () => {
  interface Logged {
    readonly steps: number;
    readonly peak: number;
    readonly warmup: number;
    readonly losses: Readonly<Record<string, readonly number[]>>;
    readonly probes: readonly Pick<ProbeEvent, 'step' | 'scores'>[];
  }
  const file = new URL('healthy.fixture.json', import.meta.url);
  const logs = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<'pretrain' | 'finetune', Logged>>;

  /** Warnings over the log, with its losses as they were or changed. */
  function warnings(
    name: keyof typeof logs,
    change: (loss: number, index: number) => number = (loss) => loss,
  ) {
    const { steps: of, peak, warmup, losses, probes } = logs[name];
    const course = { peak, warmup, final: 0.02 };
    const curriculum = name === 'pretrain' ? { curriculum: defaultCurriculum } : {};
    const monitor = new TrainingMonitor({ steps: of, schedule: course, ...curriculum });
    for (let i = 0; i < of; i++) {
      const here = Object.entries(losses).map(([part, values]) => [part, change(values[i]!, i)]);
      monitor.observe({
        ...step(i + 1, Object.fromEntries(here)),
        steps: of,
        rate: rateAt(course, i, of),
      });
      for (const look of probes) if (look.step === i + 1) monitor.observe({ kind: 'probe', ...look });
    }
    return monitor.warnings;
  }

  it('gives no warning: nano, pretrained and fine-tuned on real voxels', () => {
    expect(warnings('pretrain')).toEqual([]);
    expect(warnings('finetune')).toEqual([]);
  });

  it('would, if its losses had stayed where they were', () =>
    expect(said(warnings('finetune', (loss, i) => loss * Math.exp(i / 1000)))[0]?.[0]).toBe('convergence'));
});

describe('a monitor', () => {
  const flat = { predictionVariance: 0 };
  it('says a sign once, and again when it still shows much later', () => {
    const looks = Array.from({ length: 20 }, (_, i) => probe((i + 1) * 50, flat));
    // judged from 100 on, and shown over a tenth of the steps by 200
    expect(said(watch(looks))).toEqual([
      ['collapse', 200],
      ['collapse', 500],
      ['collapse', 800],
    ]);
  });

  it('looks for the signs that are asked for', () =>
    expect(watch([probe(200, flat), probe(300, flat)], { signs: ['convergence'] })).toEqual([]));

  it('takes other limits', () => {
    const looks = [probe(200, { predictionVariance: 0.004 })];
    expect(watch(looks)).toEqual([]);
    expect(said(watch(looks, { thresholds: { variance: 0.3, patience: 1 } }))).toEqual([['collapse', 200]]);
  });

  it('knows nothing but the events: half of them, then the other half, is the whole', () => {
    const events = [...falling(1e9), probe(1000, flat)].toSorted((a, b) => a.step - b.step);
    const [one, two] = [new TrainingMonitor(options), new TrainingMonitor(options)];
    for (const event of events) one.observe(event);
    for (const event of events.slice(0, 200)) two.observe(event);
    for (const event of events.slice(200)) two.observe(event);
    expect(two.warnings).toEqual(one.warnings);
    expect(one.warnings).not.toEqual([]);
  });

  it('passes over probes that looked at something else', () => {
    const odd = (scores: unknown) => ({ kind: 'probe', step: 500, scores }) as const;
    for (const scores of [undefined, 3, [null], [{ objective: 'random' }]])
      expect(watch([odd(scores), odd(scores)])).toEqual([]);
  });
});

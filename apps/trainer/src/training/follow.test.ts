import { readFileSync } from 'node:fs';
import { TrainingMonitor, type Checkpoint, type TrainingEvent } from '@tokenunify/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReporter } from '../progress/reporter.ts';
import { RunDirectory } from '../run-directory.ts';
import { recordingTerminal, temporaryDirectory } from '../testing.fixture.ts';
import { follow, remember } from './follow.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (directory = await temporaryDirectory()));
afterAll(() => directory.remove());

const steps = 100;
const schedule = { peak: 1, warmup: 1, final: 1 };
const checkpoint = (step: number): Checkpoint => ({ weights: new Map(), state: { step } });

/** A training whose loss stays where it is, and whose predictions are all alike. */
async function* stuck(from: number, to: number): AsyncGenerator<TrainingEvent, { finished: boolean }> {
  for (let step = from + 1; step <= to; step++) {
    const losses = { total: 1 + 0.01 * (step % 3) };
    yield { kind: 'step', step, steps, losses, rate: 1, gradientNorm: 1, voxels: 8, seconds: 0.5 };
    const score = { objective: 'random', mse: 0.01, psnr: 20, predictionVariance: 0, targetVariance: 0.02 };
    if (step % 10 === 0)
      yield { kind: 'probe', step, scores: [{ ...score, baselines: { meanVisible: 0.02 } }] };
    if (step % 20 === 0) yield { kind: 'checkpoint', step, checkpoint: checkpoint(step) };
  }
  return { finished: true };
}

async function followed(name: string, from: number, to: number) {
  const run = await RunDirectory.open(directory.join(name), { command: 'pretrain' }, true);
  const { terminal, said } = recordingTerminal(false);
  const monitor = new TrainingMonitor({ steps, schedule });
  await remember(monitor, run, from);
  const reporter = createReporter({ json: true, terminal });
  const trained = await follow(stuck(from, to), { stage: 'pretrain', run, reporter, monitor });
  return { trained, said };
}
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a training that fails', () => {
  it('is warned of once for every sign: on the terminal, in the log, and in the result', async () => {
    const { trained, said } = await followed('whole', 0, 40);
    expect(trained).toMatchObject({ finished: true, steps: 40, seconds: 20 });
    expect(trained.warnings.map(({ sign, step }) => [sign, step])).toEqual([['collapse', 20]]);
    const notes = lines(said.out).filter(({ kind }) => kind === 'note');
    expect(notes).toEqual([
      {
        kind: 'note',
        text: `Warning: ${trained.warnings[0]!.message}`,
        warning: trained.warnings[0],
      },
    ]);
    const logged = lines(readFileSync(directory.join('whole/log.jsonl'), 'utf8'));
    expect(logged.filter(({ kind }) => kind === 'probe')).toHaveLength(4);
    expect(logged.filter(({ kind }) => kind === 'warning')).toEqual([
      { kind: 'warning', ...trained.warnings[0] },
    ]);
  });

  it('and was interrupted is not warned of again, and tells what was said before', async () => {
    const whole = await followed('undisturbed', 0, 100);
    const first = await followed('interrupted', 0, 50);
    // killed after the step 50, the last checkpoint is of step 40
    const second = await followed('interrupted', 40, 100);
    expect(whole.trained.warnings.length).toBeGreaterThan(2);
    expect(second.trained.warnings).toEqual(whole.trained.warnings);
    const said = lines(second.said.out).filter(({ kind }) => kind === 'note');
    const before = first.trained.warnings.filter(({ step }) => step <= 40);
    expect(said).toHaveLength(whole.trained.warnings.length - before.length);
  });
});

import type {
  ProbeEvent,
  StepEvent,
  TrainingEvent,
  TrainingMonitor,
  TrainingWarning,
} from '@tokenunify/model';
import type { ProgressLine, Reporter } from '../progress/reporter.ts';
import type { RunDirectory } from '../run-directory.ts';

type Training = AsyncGenerator<TrainingEvent, { finished: boolean }>;

export interface Trained {
  readonly finished: boolean;
  readonly steps: number;
  readonly seconds: number;
  readonly checkpoint: string | undefined;
  /** Of the whole training, what was said before it was interrupted too. */
  readonly warnings: readonly TrainingWarning[];
}

export interface Following {
  /** What progress calls it. */
  readonly stage: string;
  readonly run: RunDirectory;
  readonly reporter: Reporter;
  /** Looks for signs that the training fails. */
  readonly monitor?: TrainingMonitor;
}

/** Reads a training to its end: logs steps and what is seen between them, saves checkpoints, says what goes wrong. */
export async function follow(
  training: Training,
  { stage, run, reporter, monitor }: Following,
): Promise<Trained> {
  let checkpoint: string | undefined;
  let steps = 0;
  let seconds = 0;
  await run.begin();
  for (;;) {
    const { value, done } = await training.next();
    if (done)
      return { finished: value.finished, steps, seconds, checkpoint, warnings: monitor?.warnings ?? [] };
    if (value.kind === 'checkpoint') {
      checkpoint = await run.save(value.checkpoint, value.step);
      continue;
    }
    await run.log({ ...value });
    if (value.kind === 'step') {
      steps++;
      seconds += value.seconds;
      reporter.progress(stepLine(stage, value));
    }
    for (const warning of monitor?.observe(value) ?? []) {
      await run.log({ kind: 'warning', ...warning });
      reporter.note(`Warning: ${warning.message}`, { warning });
    }
  }
}

/** Tells a monitor what a run has been through up to a step, as if it had watched. */
export async function remember(monitor: TrainingMonitor, run: RunDirectory, step: number): Promise<void> {
  for (const entry of await run.logged(step))
    // as `follow` logged them
    if (entry.kind === 'step' || entry.kind === 'probe')
      monitor.observe(entry as unknown as StepEvent | ProbeEvent);
}

function stepLine(stage: string, { kind: _, ...event }: StepEvent): ProgressLine {
  const losses = Object.entries(event.losses)
    .map(([name, loss]) => `${name} ${loss.toFixed(4)}`)
    .join('  ');
  const throughput = `${(event.voxels / event.seconds / 1e3).toFixed(0)} kvox/s`;
  return {
    stage,
    done: event.step,
    total: event.steps,
    detail: `${losses}  ${throughput}`,
    data: event,
  };
}

import {
  type Checkpoint,
  measureEngine,
  openEngine,
  type Engine,
  type EngineChoice,
  type StepEvent,
  type TrainingEvent,
} from '@tokenunify/model';
import { exitCodes } from '../outcome.ts';
import type { ProgressLine, Reporter } from '../progress/reporter.ts';
import type { RunDirectory } from '../run-directory.ts';

/** How long and how fast, of every training. */
export interface LoopSettings {
  readonly steps: number;
  readonly seed: number;
  /** Peak learning rate. */
  readonly rate: number;
  readonly checkpointEvery: number;
}

/** Options of every command that trains. */
export interface TrainingCommand extends LoopSettings {
  readonly preset: string;
  readonly isotropic: boolean;
  readonly engine: EngineChoice;
  readonly out: string;
  readonly resume: boolean;
  readonly json: boolean;
}

/** What every training is given alike: schedule, averaging, checkpoints, where to go on. */
export function loopOptions(
  { steps, seed, rate, checkpointEvery }: LoopSettings,
  engine: Engine,
  settings: Readonly<Record<string, unknown>>,
  last: Checkpoint | undefined,
  signal: AbortSignal,
) {
  return {
    engine,
    steps,
    seed,
    schedule: { peak: rate, warmup: Math.min(50, Math.ceil(steps / 10)), final: 0.02 },
    averageDecay: 0.99,
    checkpointEvery,
    state: { ...settings, engine: engine.name },
    signal,
    ...(last && { resume: last }),
  };
}

/** Opens the engine and says which it is, how fast, and how to get a faster one. */
export async function announceEngine(choice: EngineChoice, reporter: Reporter): Promise<Engine> {
  const engine = await openEngine(choice);
  const { matmulGflops, conv3dGflops } = await measureEngine(engine);
  reporter.note(
    `engine ${engine.name}: matmul ${matmulGflops.toFixed(1)} GFLOP/s, conv3d ${conv3dGflops.toFixed(1)} GFLOP/s`,
  );
  if (engine.advice) reporter.note(`This engine is slow; \`${engine.advice}\` installs a fast one.`);
  return engine;
}

type Training = AsyncGenerator<TrainingEvent, { finished: boolean }>;

export interface Trained {
  readonly finished: boolean;
  readonly steps: number;
  readonly seconds: number;
  readonly checkpoint: string | undefined;
}

/** Reads a training to its end: logs steps, saves checkpoints. */
export async function follow(
  stage: string,
  training: Training,
  run: RunDirectory,
  reporter: Reporter,
): Promise<Trained> {
  let checkpoint: string | undefined;
  let steps = 0;
  let seconds = 0;
  await run.begin();
  for (;;) {
    const { value, done } = await training.next();
    if (done) return { finished: value.finished, steps, seconds, checkpoint };
    if (value.kind === 'checkpoint') checkpoint = await run.save(value.checkpoint, value.step);
    else if (value.kind === 'step') {
      steps++;
      seconds += value.seconds;
      await run.log({ ...value });
      reporter.progress(stepLine(stage, value));
    }
  }
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

/** Says how a training ended; when it was interrupted the state is resumable. */
export function finish(reporter: Reporter, command: string, trained: Trained, out: string): number {
  if (!trained.finished) {
    reporter.note(`Stopped; go on with \`tokenunify ${command} ... --out ${out} --resume\`.`);
    return exitCodes.SIGINT;
  }
  const { steps, seconds, checkpoint } = trained;
  reporter.result(
    `${command}: ${steps} steps in ${seconds.toFixed(0)} s${checkpoint ? `, ${checkpoint}` : ''}`,
    { command, steps, seconds, checkpoint: checkpoint ?? null },
  );
  return 0;
}

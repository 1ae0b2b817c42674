import {
  type Checkpoint,
  measureEngine,
  openEngine,
  type Engine,
  type EngineChoice,
} from '@tokenunify/model';
import { recipeDefaults, scheduleOf, type Recipe } from '../config/recipe.ts';
import { CommandError } from '../errors.ts';
import { exitCodes } from '../outcome.ts';
import type { Reporter } from '../progress/reporter.ts';
import type { Trained } from '../training/follow.ts';

/** How long and how fast, of every training. */
export interface LoopSettings {
  readonly steps: number;
  readonly seed: number;
  /** Peak learning rate. */
  readonly rate: number;
  readonly checkpointEvery: number;
  /** What is usual when absent. */
  readonly recipe?: Recipe;
}

/** Options of every command that trains, in force: flags, file and defaults are one. */
export interface TrainingCommand extends Omit<LoopSettings, 'steps'> {
  /** Either these or epochs. */
  readonly steps?: number;
  /** Times that every voxel is trained on, on average. */
  readonly epochs?: number;
  readonly preset: string;
  readonly isotropic: boolean;
  readonly engine: EngineChoice;
  /** Only a GPU will do. */
  readonly gpu: boolean;
  readonly recipe: Recipe;
  readonly out: string;
  readonly resume: boolean;
  readonly json: boolean;
}

/**
 * What every training is given alike: schedule, averaging, checkpoints, where to go on.
 * @throws CommandError `trainer/run` when the run to go on with was to have another number of steps
 */
export function loopOptions(
  { steps, seed, rate, checkpointEvery, recipe }: LoopSettings,
  engine: Engine,
  settings: Readonly<Record<string, unknown>>,
  last: Checkpoint | undefined,
  signal: AbortSignal,
) {
  const { averageDecay, recompute, optimizer, ...course } = { ...recipeDefaults, ...recipe };
  checkSteps(last, steps);
  return {
    ...{ engine, steps, seed, averageDecay, recompute, optimizer, checkpointEvery, signal },
    schedule: scheduleOf(course, rate, steps),
    state: { ...settings, engine: engine.name },
    ...(last && { resume: last }),
  };
}

/** Epochs of a volume that has grown are more steps, and would bend the schedule of a run that is under way. */
function checkSteps(last: Checkpoint | undefined, steps: number): void {
  const before = last?.state['steps'];
  if (typeof before === 'number' && before !== steps)
    throw new CommandError(
      'trainer/run',
      `The run was started for ${before} steps, and the volumes now make ${steps} of its epochs; resume with the volumes of then, or choose another --out.`,
    );
}

/** Opens the engine and says which it is, how fast, and how to get a faster one. */
export async function announceEngine(
  choice: EngineChoice,
  reporter: Reporter,
  { gpu = false }: { readonly gpu?: boolean } = {},
): Promise<Engine> {
  const engine = await openEngine(choice, { gpu });
  const { matmulGflops, conv3dGflops } = await measureEngine(engine);
  reporter.note(
    `engine ${engine.name}: matmul ${matmulGflops.toFixed(1)} GFLOP/s, conv3d ${conv3dGflops.toFixed(1)} GFLOP/s`,
  );
  if (engine.advice) reporter.note(`This engine is slow; \`${engine.advice}\` installs a fast one.`);
  return engine;
}

/** Says how a training ended; when it was interrupted the state is resumable. */
export function finish(reporter: Reporter, command: string, trained: Trained, out: string): number {
  if (!trained.finished) {
    reporter.note(`Stopped; go on with \`tokenunify ${command} ... --out ${out} --resume\`.`);
    return exitCodes.SIGINT;
  }
  const { steps, seconds, checkpoint, warnings } = trained;
  const warned = warnings.length > 0 ? `, warned of ${listed(warnings.map(({ sign }) => sign))}` : '';
  reporter.result(
    `${command}: ${steps} steps in ${seconds.toFixed(0)} s${checkpoint ? `, ${checkpoint}` : ''}${warned}`,
    { command, steps, seconds, checkpoint: checkpoint ?? null, warnings },
  );
  return 0;
}

const listed = (names: readonly string[]): string => [...new Set(names)].join(', ');

import {
  presetNamed,
  pretrain,
  pretrainingBatches,
  TrainingMonitor,
  type Curriculum,
  type Vec3,
} from '@tokenunify/model';
import { boxShape } from '@tokenunify/em-io';
import { checkCrops, type CropSize } from '../config/curriculum.ts';
import { scheduleOf } from '../config/recipe.ts';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { RunDirectory } from '../run-directory.ts';
import { CropSampler } from '../sampling/crops.ts';
import { voxelsIn } from '../sampling/placement.ts';
import { HELD_OUT_SHARE, holdOut, type HeldOut } from '../sampling/held-out.ts';
import { loadBlock, type LoadedBlock } from '../sampling/load.ts';
import { phasesOf, stepsOf } from '../training/epochs.ts';
import { follow, remember } from '../training/follow.ts';
import { probeOf } from '../training/probe.ts';
import { absentFromPretrain, pretrainSettings } from '../training/settings.ts';
import { announceEngine, finish, loopOptions, type TrainingCommand } from './training.ts';

export interface PretrainCommand extends TrainingCommand {
  readonly raw: readonly string[];
  readonly box?: string;
  /** Voxels that go through the network at once. */
  readonly voxelsPerStep: number;
  /** Crops a step; as many as go through at once when absent. */
  readonly batch?: number;
  readonly curriculum: Curriculum;
  /** As `--crops` said; they are in the curriculum already. */
  readonly crops?: readonly CropSize[];
  /** Share of every volume, or box, that is only looked at; a small share when absent. */
  readonly heldOut?: number | string;
  /** Steps between two looks at what is held out; a tenth of the training when absent. */
  readonly probeEvery?: number;
}

/** `tokenunify pretrain`: the three objectives on unlabelled volumes. */
export async function runPretrain(
  command: PretrainCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const preset = presetNamed(command.preset);
  const { raw, box, isotropic, curriculum, recipe } = command;
  checkCrops(preset, curriculum);
  // a run of before volumes were held out goes on with all of them
  const before = command.resume ? await RunDirectory.settingsOf(command.out) : undefined;
  const usual = before && !('heldOut' in before) ? 0 : HELD_OUT_SHARE;
  const wished = command.heldOut ?? usual;
  const settings = pretrainSettings(command, wished);
  const run = await RunDirectory.open(
    command.out,
    settings,
    command.resume,
    absentFromPretrain(command, preset),
  );
  const volumes = await Promise.all(
    raw.map((location) => loadBlock({ raw: location, ...(box && { box }) }, signal)),
  );
  const shapes = curriculum.map(({ crop }) => crop);
  const heldOut = await holdOut(volumes, { heldOut: wished, crops: shapes, isotropic }, signal);
  const sampler = new CropSampler(heldOut.blocks, { isotropic, intensity: recipe.intensity });
  for (const crop of shapes) sampler.checkFits(crop);
  const steps = stepsToDo(command, heldOut.blocks);
  const last = await run.last();
  const engine = await announceEngine(command.engine, reporter, command);
  announceHeldOut(heldOut, command, reporter);
  const schedule = scheduleOf(recipe, command.rate, steps);
  const monitor = new TrainingMonitor({ steps, schedule, curriculum });
  await remember(monitor, run, Number(last?.state['step'] ?? 0));
  const training = pretrain({
    ...loopOptions({ ...command, steps }, engine, settings, last, signal),
    ...{ preset, curriculum, voxelsPerStep: command.voxelsPerStep },
    ...(command.batch !== undefined && { batch: command.batch }),
    crop: (shape, random) => sampler.raw(shape, random),
    origin: (crop) => sampler.origin(crop),
    ...probeOf({ engine, preset, heldOut, curriculum, seed: command.seed, steps, every: command.probeEvery }),
  });
  return finish(
    reporter,
    'pretrain',
    await follow(training, { stage: 'pretrain', run, reporter, monitor }),
    command.out,
  );
}

function stepsToDo(command: PretrainCommand, blocks: readonly LoadedBlock[]): number {
  const { steps, epochs, curriculum } = command;
  if (epochs === undefined) return steps ?? 1;
  const voxels = blocks.reduce(
    (sum, { raw, excluded }) => sum + raw.length - (excluded ? voxelsIn(excluded) : 0),
    0,
  );
  const batch = (crop: Vec3) => {
    const { crops, accumulate } = pretrainingBatches(command, crop);
    return crops * accumulate;
  };
  return stepsOf(epochs, { voxels, phases: phasesOf(curriculum, batch) });
}

function announceHeldOut(
  { spaces, blocks }: HeldOut,
  { heldOut }: PretrainCommand,
  reporter: Reporter,
): void {
  const held = blocks.flatMap(({ excluded }) => (excluded ? [boxShape(excluded).join(' x ')] : []));
  if (held.length > 0)
    reporter.note(`${held.join(' and ')} voxels are held out, to look at while it trains.`);
  if (spaces.length === 0 && heldOut !== 0)
    reporter.note(
      'The volumes are too small to hold voxels out, so nothing will tell of poor reconstruction or collapse; --held-out-box names a box of your choice.',
    );
}

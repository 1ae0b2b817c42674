import {
  finetune,
  microBatches,
  readCheckpoint,
  TrainingMonitor,
  type Checkpoint,
  type EngineChoice,
  type Preset,
  type Vec3,
} from '@tokenunify/model';
import { CommandError } from '../errors.ts';
import type { Reporter } from '../progress/reporter.ts';
import type { RunDirectory } from '../run-directory.ts';
import { CropSampler } from '../sampling/crops.ts';
import { strongIntensity } from '../sampling/intensity.ts';
import type { LabelledBlock } from '../sampling/load.ts';
import { follow, remember, type Trained } from '../training/follow.ts';
import { announceEngine, loopOptions, type LoopSettings } from './training.ts';

export interface AffinityTraining {
  /** What progress calls it. */
  readonly stage: string;
  /** Gone on with when it has a checkpoint. */
  readonly run: RunDirectory;
  readonly blocks: readonly LabelledBlock[];
  readonly preset: Preset;
  readonly crop: Vec3;
  /** Crops a step. */
  readonly batch: number;
  /** Voxels that go through the network at once; a whole step when absent. */
  readonly voxelsPerStep?: number;
  readonly erode: boolean;
  readonly isotropic: boolean;
  /** A checkpoint whose weights are begun with; without one, from scratch. */
  readonly from?: string | undefined;
  readonly loop: LoopSettings & { readonly engine: EngineChoice; readonly gpu?: boolean };
  /** Says when the loss does not fall. */
  readonly watched?: boolean;
  /** Kept in every checkpoint. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

/**
 * Trains affinities on labelled blocks, into a run directory: what `finetune` and `retrain` have in common.
 *
 * @throws CommandError `trainer/data` for blocks smaller than a crop and weights of another preset, before anything is
 *   written; `trainer/run` when the disk is full
 */
export async function trainAffinities(options: AffinityTraining): Promise<Trained> {
  const { stage, run, blocks, preset, crop, batch, erode, isotropic, from, loop, signal, reporter } = options;
  const intensity = loop.recipe?.intensity ?? strongIntensity;
  const sampler = new CropSampler(blocks, { isotropic, intensity });
  sampler.checkFits(crop);
  const start = from === undefined ? undefined : await readStart(from, preset);
  const last = await run.last();
  const engine = await announceEngine(loop.engine, reporter, loop);
  const course = loopOptions(loop, engine, options.state, last, signal);
  const { voxelsPerStep = Infinity } = options;
  const { crops, accumulate } = microBatches(batch, voxelsPerStep / (crop[0] * crop[1] * crop[2]));
  const training = finetune({
    ...course,
    ...{ preset, crop, batch: crops, accumulate, erode },
    // what the last checkpoint of a run holds besides, export and evaluate read too
    ...(start && { pretrained: start.average ?? start.weights }),
    sampleCrop: (shape, random) => sampler.labelled(shape, random),
    origin: ({ raw }) => sampler.origin(raw),
  });
  // affinities that are good already need not get better at once
  if (!options.watched || start?.state['command'] === 'finetune')
    return follow(training, { stage, run, reporter });
  const { schedule, steps } = course;
  const monitor = new TrainingMonitor({ steps, schedule, signs: ['convergence'] });
  await remember(monitor, run, Number(last?.state['step'] ?? 0));
  return follow(training, { stage, run, reporter, monitor });
}

/** Weights of another preset would be taken where they happen to fit, which is next to training from scratch. */
async function readStart(file: string, preset: Preset): Promise<Checkpoint> {
  const checkpoint = await readCheckpoint(file);
  const { state } = checkpoint;
  if (state['preset'] !== preset.name)
    throw new CommandError(
      'trainer/data',
      `${file} has weights of the preset '${String(state['preset'])}', not '${preset.name}'; pretrain that one, or choose it with --preset.`,
    );
  return checkpoint;
}

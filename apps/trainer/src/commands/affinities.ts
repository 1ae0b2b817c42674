import {
  finetune,
  readCheckpoint,
  type EngineChoice,
  type Preset,
  type Vec3,
  type Weights,
} from '@tokenunify/model';
import { CommandError } from '../errors.ts';
import type { Reporter } from '../progress/reporter.ts';
import type { RunDirectory } from '../run-directory.ts';
import { CropSampler } from '../sampling/crops.ts';
import { strongIntensity } from '../sampling/intensity.ts';
import type { LabelledBlock } from '../sampling/load.ts';
import { announceEngine, follow, loopOptions, type LoopSettings, type Trained } from './training.ts';

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
  readonly erode: boolean;
  readonly isotropic: boolean;
  /** A checkpoint whose weights are begun with; without one, from scratch. */
  readonly from?: string | undefined;
  readonly loop: LoopSettings & { readonly engine: EngineChoice };
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
  const sampler = new CropSampler(blocks, { isotropic, intensity: strongIntensity });
  sampler.checkFits(crop);
  const pretrained = from === undefined ? undefined : await readPretrained(from, preset);
  const last = await run.last();
  const engine = await announceEngine(loop.engine, reporter);
  const training = finetune({
    ...loopOptions(loop, engine, options.state, last, signal),
    preset,
    crop,
    batch,
    erode,
    ...(pretrained && { pretrained }),
    sampleCrop: (shape, random) => sampler.labelled(shape, random),
  });
  return follow(stage, training, run, reporter);
}

/** Weights of another preset would be taken where they happen to fit, which is next to training from scratch. */
async function readPretrained(file: string, preset: Preset): Promise<Weights> {
  const { weights, average, state } = await readCheckpoint(file);
  if (state['preset'] !== preset.name)
    throw new CommandError(
      'trainer/data',
      `${file} has weights of the preset '${String(state['preset'])}', not '${preset.name}'; pretrain that one, or choose it with --preset.`,
    );
  return average ?? weights; // the last checkpoint of a run holds both, as export and evaluate read it
}

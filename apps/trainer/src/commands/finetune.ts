import {
  checkCrop,
  finetune,
  presetNamed,
  readCheckpoint,
  type Preset,
  type Vec3,
  type Weights,
} from '@tokenunify/model';
import { CommandError } from '../errors.ts';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { RunDirectory } from '../run-directory.ts';
import { CropSampler } from '../sampling/crops.ts';
import { strongIntensity } from '../sampling/intensity.ts';
import { loadBlock } from '../sampling/load.ts';
import { announceEngine, finish, follow, loopOptions, type TrainingCommand } from './training.ts';

export interface FinetuneCommand extends TrainingCommand {
  readonly raw: string;
  readonly labels: string;
  readonly box?: string;
  /** A checkpoint of `pretrain`; absent: from scratch. */
  readonly from?: string;
  readonly crop?: Vec3;
  readonly batch: number;
  readonly erode: boolean;
}

/** `tokenunify finetune`: affinities from labelled volumes. */
export async function runFinetune(
  command: FinetuneCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const preset = presetNamed(command.preset);
  const crop = command.crop ?? preset.crop;
  const { raw, labels, box, from, batch, steps, seed, rate, erode, isotropic } = command;
  const settings = {
    ...{ command: 'finetune', preset: preset.name, raw, labels, box: box ?? null, from: from ?? null },
    ...{ crop, batch, steps, seed, rate, erode, isotropic },
  };
  checkCrop(preset, crop);
  const run = await RunDirectory.open(command.out, settings, command.resume);
  const block = await loadBlock({ raw, labels, ...(box && { box }) }, signal);
  const sampler = new CropSampler([block], { isotropic, intensity: strongIntensity });
  sampler.checkFits(crop);
  const pretrained = from === undefined ? undefined : await readPretrained(from, preset);
  const last = await run.last();
  const engine = await announceEngine(command.engine, reporter);
  const training = finetune({
    ...loopOptions(command, engine, settings, last, signal),
    preset,
    crop,
    batch,
    erode,
    ...(pretrained && { pretrained }),
    sampleCrop: (shape, random) => sampler.labelled(shape, random),
  });
  return finish(reporter, 'finetune', await follow('finetune', training, run, reporter), command.out);
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

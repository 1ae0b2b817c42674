import { checkCrop, presetNamed, type Vec3 } from '@tokenunify/model';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { RunDirectory } from '../run-directory.ts';
import { loadBlock } from '../sampling/load.ts';
import { trainAffinities } from './affinities.ts';
import { finish, type TrainingCommand } from './training.ts';

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
  const trained = await trainAffinities({
    ...{ stage: 'finetune', run, preset, crop, batch, erode, isotropic, from, signal, reporter },
    blocks: [block],
    state: settings,
    loop: command,
  });
  return finish(reporter, 'finetune', trained, command.out);
}

import { checkCrop, presetNamed, type Vec3 } from '@tokenunify/model';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { RunDirectory } from '../run-directory.ts';
import { loadBlock } from '../sampling/load.ts';
import { stepsOf } from '../training/epochs.ts';
import { absentFromFinetune, finetuneSettings } from '../training/settings.ts';
import { trainAffinities } from './affinities.ts';
import { finish, type TrainingCommand } from './training.ts';

export interface FinetuneCommand extends TrainingCommand {
  readonly raw: string;
  readonly labels: string;
  readonly box?: string;
  /** A checkpoint of `pretrain`; absent: from scratch. */
  readonly from?: string;
  readonly crop: Vec3;
  /** Crops a step. */
  readonly batch: number;
  /** Voxels that go through the network at once; a whole step when absent. */
  readonly voxelsPerStep?: number;
  readonly erode: boolean;
}

/** `tokenunify finetune`: affinities from labelled volumes. */
export async function runFinetune(
  command: FinetuneCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const preset = presetNamed(command.preset);
  const { raw, labels, box, from, crop, batch, voxelsPerStep, erode, isotropic, epochs } = command;
  const settings = finetuneSettings(command);
  checkCrop(preset, crop);
  const run = await RunDirectory.open(command.out, settings, command.resume, absentFromFinetune);
  const block = await loadBlock({ raw, labels, ...(box && { box }) }, signal);
  const steps =
    epochs === undefined
      ? (command.steps ?? 1)
      : stepsOf(epochs, { voxels: block.raw.length, phases: [{ until: 1, crop, batch }] });
  const trained = await trainAffinities({
    ...{ stage: 'finetune', run, preset, crop, batch, erode, isotropic, from, signal, reporter },
    ...(voxelsPerStep !== undefined && { voxelsPerStep }),
    blocks: [block],
    state: settings,
    loop: { ...command, steps },
    watched: true,
  });
  return finish(reporter, 'finetune', trained, command.out);
}

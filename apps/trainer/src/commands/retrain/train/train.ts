import { existsSync } from 'node:fs';
import { isModelError } from '@tokenunify/model';
import type { Reporter } from '../../../progress/reporter.ts';
import { loadBlock, type LabelledBlock } from '../../../sampling/load.ts';
import { RunDirectory } from '../../../run-directory.ts';
import { trainAffinities } from '../../affinities.ts';
import type { Annotation, TrainChallenger, TrainedChallenger } from '../types.ts';
import { nightSettings, trainablePreset } from './settings.ts';

export interface TrainChallengerOptions extends TrainChallenger {
  /** Draws voxels of some annotations more often than others: those with these keys, by this factor. */
  readonly newWeight?: { readonly weight: number; readonly keys: readonly string[] };
}

/**
 * Trains on from the champion, on all annotations at once: each is drawn from as often as its box is large. All boxes are in
 * memory, five bytes a voxel. The directory is a run directory as `finetune` makes it. The same call goes on from the last
 * checkpoint after an abort, a crash or a full disk, and on one machine comes to the same weights, byte by byte; a finished
 * one is answered at once.
 *
 * @returns the averaged weights, as a checkpoint for use; `finished` is false when the signal ended it after a step
 * @throws the signal's reason before the first step; CommandError `trainer/data` for an annotation smaller than a crop,
 *   `trainer/run` for a full disk or a directory of another night; errors of em-io for what cannot be read
 */
export async function trainChallenger(options: TrainChallengerOptions): Promise<TrainedChallenger> {
  const { annotations, from, directory, training, champion, newWeight, signal, reporter } = options;
  const preset = trainablePreset(champion, training.crop);
  const { crop, batch, erode, isotropic, steps } = training;
  const run = await RunDirectory.open(
    directory,
    nightSettings(champion, annotations, training, newWeight),
    true,
  );
  const done = await stepsDone(run, reporter);
  if (done === steps && existsSync(run.usable(steps)))
    return { checkpoint: run.usable(steps), finished: true };
  const blocks: LabelledBlock[] = [];
  for (const annotation of annotations) {
    const block = await loadAnnotation(annotation, signal);
    const weight = newWeight?.keys.includes(annotation.key) ? newWeight.weight : 1;
    blocks.push({ ...block, weight });
  }
  const { finished, checkpoint } = await trainAffinities({
    ...{ stage: 'train', run, blocks, preset, crop, batch, erode, isotropic, from, signal, reporter },
    // 'finetune' is what makes a checkpoint one of affinities
    state: { command: 'finetune', preset: preset.name, champion: champion.digest },
    loop: training,
  });
  return { checkpoint: checkpoint ?? run.usable(steps), finished };
}

/** A damaged state (of a broken disk, kills leave none) must not end all nights: steps done again come out the same. */
async function stepsDone(run: RunDirectory, reporter: Reporter): Promise<unknown> {
  try {
    return (await run.last())?.state['step'];
  } catch (error) {
    if (!isModelError(error, 'model/checkpoint')) throw error;
    reporter.note(`${error.message} The training begins again.`);
    await run.forget();
    return undefined;
  }
}

function loadAnnotation(
  { raw, labels, box, number }: Annotation,
  signal: AbortSignal,
): Promise<LabelledBlock> {
  return loadBlock({ raw, labels, box, name: `Annotation ${number} (${raw})` }, signal);
}

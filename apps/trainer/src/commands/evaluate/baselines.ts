import {
  allOneLabel,
  everyVoxelItsOwn,
  intensityBaseline,
  tuneIntensityBaseline,
} from '@tokenunify/segmentation';
import type { Reporter } from '../../progress/reporter.ts';
import { loadBlock } from '../../sampling/load.ts';
import type { EvaluateCommand } from './options.ts';
import { score, type Score } from './scores.ts';
import type { Truth } from './select.ts';

/** Scores of segmentations that learn nothing, on the same truth. */
export async function baselines(
  command: EvaluateCommand,
  { block, components }: Truth,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<Score[]> {
  const { raw, labels, tuneBox } = command;
  const rows = [
    score('all one label', components, allOneLabel(block.raw.length)),
    score('every voxel its own', components, everyVoxelItsOwn(block.raw.length)),
  ];
  if (tuneBox === undefined) {
    reporter.note(
      'The intensity baseline is left out: its threshold needs other voxels than the scored ones, name them with --tune-box.',
    );
    return rows;
  }
  const tuning = await loadBlock({ raw, labels, box: tuneBox }, signal);
  reporter.note(`tuning the intensity baseline on ${tuneBox}`);
  const { threshold } = tuneIntensityBaseline(tuning.raw, tuning.labels, tuning.shape);
  const found = intensityBaseline(block.raw, block.shape, { threshold });
  return [...rows, score(`intensity > ${threshold}`, components, found)];
}

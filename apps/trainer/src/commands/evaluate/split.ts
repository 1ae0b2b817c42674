/** Guards of the split: nothing is tuned on scored voxels, and scores on training voxels say so. */
import { intersectBoxes, type Box, type Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../../errors.ts';
import { parseBox } from '../../sampling/box.ts';
import type { LabelledBlock } from '../../sampling/load.ts';

/** @throws CommandError `trainer/usage` when the baseline would be tuned on voxels that are scored */
export function checkTuneBox(tuneBox: string | undefined, scored: LabelledBlock): void {
  if (tuneBox === undefined) return;
  if (intersectBoxes(parseBox(tuneBox, scored.volumeShape), scored.box))
    throw new CommandError(
      'trainer/usage',
      `--tune-box '${tuneBox}' overlaps the scored box; tune the intensity baseline on other voxels than those that are scored.`,
    );
}

/**
 * What to say when a checkpoint is scored on voxels of its own training: a sentence, or nothing.
 * @param state of the checkpoint: `raw` and `box` of its training
 */
export function seenInTraining(
  checkpoint: string,
  state: Readonly<Record<string, unknown>>,
  raw: string,
  scored: LabelledBlock,
): string | undefined {
  const { raw: trained, box } = state;
  if (typeof trained !== 'string' || volumeName(trained) !== volumeName(raw)) return undefined;
  const seen = trainingBox(typeof box === 'string' ? box : ':,:,:', scored.volumeShape);
  if (!seen || !intersectBoxes(seen, scored.box)) return undefined;
  return `${checkpoint} was trained on ${typeof box === 'string' ? box : 'the whole volume'}, which overlaps what is scored: read its score as training error.`;
}

/** A box that does not fit belongs to another volume of the same name. */
function trainingBox(text: string, shape: Vec3): Box | undefined {
  try {
    return parseBox(text, shape);
  } catch {
    return undefined;
  }
}

/** Wherever a volume is kept, its file's name and dataset are the same. */
const volumeName = (location: string): string => location.replace(/^.*[/\\](?=[^/\\]*\.[a-z0-9]+(:|$))/i, '');

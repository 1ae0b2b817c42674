import { connectedComponents } from '@tokenunify/segmentation';
import { ranges } from '../../../annotations/open.ts';
import { CommandError } from '../../../errors.ts';
import { loadBlock, type LabelledBlock } from '../../../sampling/load.ts';
import type { Annotation, Both } from '../types.ts';
import { segmented, type Segmenter } from './segmented.ts';

export interface OpenBox {
  readonly block: LabelledBlock;
  /** 6-connected components of its labels. */
  readonly truth: Uint32Array;
}

/** @throws CommandError `trainer/data` for a box without a truth */
export async function openBox(annotation: Annotation, signal: AbortSignal): Promise<OpenBox> {
  const { number, raw, labels, box } = annotation;
  const block = await loadBlock({ raw, labels, box: ranges(box) }, signal);
  const truth = connectedComponents(block.labels, block.shape);
  if (truth.every((id) => id === 0))
    throw new CommandError(
      'trainer/data',
      `Entry ${number} of the manifest (${labels}, ${ranges(box)}) has no labelled voxel, so nothing can be scored in it; choose another box or remove the entry.`,
    );
  return { block, truth };
}

/** Of both models, the champion first. @param tile told how many tiles of both are done */
export async function labelsOf(
  { champion, challenger }: Both<Segmenter>,
  annotation: Annotation,
  block: LabelledBlock,
  tile: (done: number) => void = () => {},
): Promise<Both<Uint32Array>> {
  let first = 0;
  const one = await segmented(champion, annotation, block, (done) => tile((first = done)));
  const other = await segmented(challenger, annotation, block, (done) => tile(first + done));
  return { champion: one, challenger: other };
}

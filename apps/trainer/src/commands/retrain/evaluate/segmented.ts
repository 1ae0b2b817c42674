import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { elementCount, volumeFromArray } from '@tokenunify/em-io';
import type { ModelPackage } from '@tokenunify/model';
import { segment, type AffinityPredictor, type PostProcessing } from '@tokenunify/segmentation';
import { writeFileAtomically } from '../../../json-file.ts';
import type { LabelledBlock } from '../../../sampling/load.ts';
import type { Annotation } from '../types.ts';

/** A network in a process. */
export type Predictor = AffinityPredictor & { readonly pid?: number | undefined };

/** One model, ready to segment. */
export interface Segmenter {
  readonly model: ModelPackage;
  readonly predictor: Predictor;
  /** The champion's, for both. */
  readonly postprocessing: PostProcessing;
  /** Of labels that are done. */
  readonly cache: string;
  readonly signal: AbortSignal;
}

/**
 * Labels of a block that was cut out first: the network sees nothing outside. What an earlier call has finished is read.
 *
 * @param tile told of each batch of tiles: how many are done
 */
export async function segmented(
  { model, predictor, postprocessing, cache, signal }: Segmenter,
  annotation: Annotation,
  block: LabelledBlock,
  tile: (done: number) => void = () => {},
): Promise<Uint32Array> {
  const file = join(cache, `${keyOf(model, annotation, postprocessing)}.labels`);
  const known = await readLabels(file, elementCount(block.shape));
  if (known) return known;
  const volume = volumeFromArray(
    { dtype: 'uint8', shape: block.shape, data: block.raw },
    { location: block.source },
  );
  const { inputScale, minimumShape } = model;
  const steps = segment(volume, predictor, { postprocessing, inputScale, minimumShape, signal });
  for (;;) {
    const { value, done } = await steps.next();
    if (!done) {
      if (value.stage === 'tiles') tile(value.done);
      continue;
    }
    const { labels } = value;
    await mkdir(cache, { recursive: true });
    await writeFileAtomically(file, new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
    return labels;
  }
}

/** Everything that the labels follow from. */
function keyOf(
  { digest }: ModelPackage,
  { key, sha256 }: Annotation,
  postprocessing: PostProcessing,
): string {
  const all = JSON.stringify([digest, key, sha256, postprocessing]);
  return createHash('sha256').update(all).digest('hex');
}

/** A file of another length is none of ours: it is made again. */
async function readLabels(file: string, voxels: number): Promise<Uint32Array | undefined> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (bytes?.byteLength !== 4 * voxels) return undefined;
  const labels = new Uint32Array(voxels); // a Buffer may begin anywhere, 32-bit numbers may not
  new Uint8Array(labels.buffer).set(bytes);
  return labels;
}

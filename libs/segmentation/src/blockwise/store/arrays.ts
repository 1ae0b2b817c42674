import { createHash } from 'node:crypto';
import { intersectBoxes, type Box } from '@tokenunify/em-io';
import { SegmentationError } from '../../errors.ts';
import type { ArtefactStore } from './store.ts';

/** Element types of artefacts. Little endian, C order, no header: a box is a few ranges of bytes. */
export type ArtefactArray = Uint8Array | Uint32Array | Float32Array | Float64Array;

const kinds = {
  uint8: Uint8Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

type Kind = keyof typeof kinds;

/** An array as a manifest names it. */
export interface ArrayRef {
  readonly name: string;
  readonly dtype: Kind;
  /** Elements. */
  readonly length: number;
}

/** Stores an array under its place and content. */
export async function writeArray(
  store: ArtefactStore,
  task: string,
  part: string,
  data: ArtefactArray,
): Promise<ArrayRef> {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const content = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  const dtype = (Object.keys(kinds) as Kind[]).find((kind) => data instanceof kinds[kind])!; // the union has no others
  const name = `files/${task}/${part}-${content}.${dtype}`;
  await store.put(name, [bytes]);
  return { name, dtype, length: data.length };
}

/** Elements of an array, all of them unless said otherwise. */
export async function readArray<K extends Kind>(
  store: ArtefactStore,
  ref: ArrayRef,
  dtype: K,
  from = 0,
  length = ref.length,
): Promise<InstanceType<(typeof kinds)[K]>> {
  if (ref.dtype !== dtype || from + length > ref.length)
    throw new SegmentationError(
      'segmentation/artefact-missing',
      `The artefact ${ref.name} holds ${ref.length} ${ref.dtype}, but ${from + length} ${dtype} are needed: start the job again in an empty directory.`,
    );
  const size = kinds[dtype].BYTES_PER_ELEMENT;
  const bytes = await store.getRange(ref.name, from * size, length * size);
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  // TypeScript does not see that the constructor looked up is the one of K
  return new kinds[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, length) as InstanceType<
    (typeof kinds)[K]
  >;
}

/** Most bytes read at once. */
const spanBytes = 4 * 2 ** 20;

/**
 * Copies what lies both in a stored block and in a box. Read are whole rows of the block, and whole sections where most
 * rows of them are wanted: a few large ranges cost less than many exact ones.
 *
 * @param at where the stored block lies
 * @param target channels of the box, one after the other
 */
export async function readBox<K extends 'uint8' | 'uint32'>(
  store: ArtefactStore,
  ref: ArrayRef,
  dtype: K,
  at: Box,
  target: InstanceType<(typeof kinds)[K]>,
  box: Box,
  channels = 1,
): Promise<void> {
  const common = intersectBoxes(at, box);
  if (common === undefined) return;
  const { start, stop } = common;
  const size = (of: Box, d: 0 | 1 | 2) => of.stop[d] - of.start[d];
  const [height, width] = [size(at, 1), size(at, 2)];
  const whole = 4 * (stop[1] - start[1]) >= height;
  const [low, rows] = whole ? [at.start[1], height] : [start[1], stop[1] - start[1]];
  const step = whole
    ? Math.max(1, Math.floor(spanBytes / (rows * width * kinds[dtype].BYTES_PER_ELEMENT)))
    : 1;
  for (let c = 0; c < channels; c++)
    for (let z = start[0]; z < stop[0]; z += step) {
      const sections = Math.min(step, stop[0] - z);
      const from = ((c * size(at, 0) + z - at.start[0]) * height + low - at.start[1]) * width;
      const values = await readArray(store, ref, dtype, from, sections * rows * width);
      for (let s = 0; s < sections; s++)
        for (let y = start[1]; y < stop[1]; y++) {
          const row = (s * rows + y - low) * width - at.start[2];
          const section = c * size(box, 0) + z + s - box.start[0];
          const to = (section * size(box, 1) + y - box.start[1]) * size(box, 2) + start[2] - box.start[2];
          target.set(values.subarray(row + start[2], row + stop[2]), to);
        }
    }
}

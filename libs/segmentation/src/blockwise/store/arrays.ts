import { createHash } from 'node:crypto';
import { intersectBoxes, type Box } from '@tokenunify/em-io';
import { SegmentationError } from '../../errors.ts';
import type { Scratch } from '../../scratch.ts';
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

interface ArrayTypes {
  readonly uint8: Uint8Array;
  readonly uint32: Uint32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
}

/** An array as a manifest names it. */
export interface ArrayRef {
  readonly name: string;
  readonly dtype: Kind;
  /** Elements. */
  readonly length: number;
}

/** Stores an array, given in pieces of one type, under its place and content. */
export async function writeArray(
  store: ArtefactStore,
  task: string,
  part: string,
  ...pieces: readonly [ArtefactArray, ...ArtefactArray[]]
): Promise<ArrayRef> {
  const bytes = pieces.map((piece) => new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
  const hash = createHash('sha256');
  for (const piece of bytes) hash.update(piece);
  const content = hash.digest('hex').slice(0, 32);
  const dtype = (Object.keys(kinds) as Kind[]).find((kind) => pieces[0] instanceof kinds[kind])!; // the union has no others
  const name = `files/${task}/${part}-${content}.${dtype}`;
  await store.put(name, bytes);
  return { name, dtype, length: pieces.reduce((sum, { length }) => sum + length, 0) };
}

type ArrayOf<K extends Kind> = ArrayTypes[K];

/** Elements of an array, all of them unless said otherwise. */
export async function readArray<K extends Kind>(
  store: ArtefactStore,
  ref: ArrayRef,
  dtype: K,
  from = 0,
  length = ref.length,
): Promise<ArrayOf<K>> {
  // TypeScript does not see that the constructor looked up is the one of K
  const out = new kinds[dtype](length) as ArrayOf<K>;
  return readInto(store, ref, out, from);
}

/** Fills an array with elements of a stored one. */
export async function readInto<A extends ArtefactArray>(
  store: ArtefactStore,
  ref: ArrayRef,
  out: A,
  from = 0,
): Promise<A> {
  if (!(out instanceof kinds[ref.dtype]) || from + out.length > ref.length)
    throw new SegmentationError(
      'segmentation/artefact-missing',
      `The artefact ${ref.name} holds ${ref.length} ${ref.dtype}, but ${from + out.length} in a ${out.constructor.name} are needed: start the job again in an empty directory.`,
    );
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  await store.getRange(ref.name, from * out.BYTES_PER_ELEMENT, bytes);
  return out;
}

/** Most bytes read at once. */
const spanBytes = 2 ** 20;

/** Reading so many bytes of a section for nothing takes no longer than one more request. */
const needlessBytes = 256 * 1024;

/**
 * Copies what lies both in a stored block and in a box. Read are whole rows of the block, and whole sections unless they
 * are large: a few large ranges cost less than many exact ones.
 *
 * @param at where the stored block lies
 * @param target channels of the box, one after the other
 */
export async function readBox<K extends 'uint8' | 'uint32'>(
  store: ArtefactStore,
  ref: ArrayRef,
  dtype: K,
  at: Box,
  target: ArrayOf<K>,
  box: Box,
  channels: number,
  scratch: Scratch,
): Promise<void> {
  const common = intersectBoxes(at, box);
  if (common === undefined) return;
  const { start, stop } = common;
  const size = (of: Box, d: 0 | 1 | 2) => of.stop[d] - of.start[d];
  const [height, width] = [size(at, 1), size(at, 2)];
  const needless = (height - (stop[1] - start[1])) * width * kinds[dtype].BYTES_PER_ELEMENT;
  const whole = needless <= needlessBytes;
  const [low, rows] = whole ? [at.start[1], height] : [start[1], stop[1] - start[1]];
  const step = whole
    ? Math.max(1, Math.floor(spanBytes / (rows * width * kinds[dtype].BYTES_PER_ELEMENT)))
    : 1;
  const buffer = scratch[dtype](Math.min(step, stop[0] - start[0]) * rows * width) as ArrayOf<K>; // as above
  for (let c = 0; c < channels; c++)
    for (let z = start[0]; z < stop[0]; z += step) {
      const sections = Math.min(step, stop[0] - z);
      const from = ((c * size(at, 0) + z - at.start[0]) * height + low - at.start[1]) * width;
      const values = buffer.subarray(0, sections * rows * width);
      await readInto(store, ref, values, from);
      for (let s = 0; s < sections; s++)
        for (let y = start[1]; y < stop[1]; y++) {
          const row = (s * rows + y - low) * width - at.start[2];
          const section = c * size(box, 0) + z + s - box.start[0];
          const to = (section * size(box, 1) + y - box.start[1]) * size(box, 2) + start[2] - box.start[2];
          target.set(values.subarray(row + start[2], row + stop[2]), to);
        }
    }
}

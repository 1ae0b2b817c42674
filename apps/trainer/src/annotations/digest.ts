import { createHash, type Hash } from 'node:crypto';
import { itemSize, toUint32, type Box, type Volume } from '@tokenunify/em-io';
import {
  voxelsOf,
  withAnnotation,
  type AnnotationPlace,
  type OpenAnnotation,
  type ReadOptions,
} from './open.ts';
import { pieces } from './pieces.ts';

export interface AnnotationDigest {
  /** Of the raw voxels and then the labels: what the manifest holds. */
  readonly sha256: string;
  /** Of the raw voxels alone: the same for a copy of the volume in another format. */
  readonly raw: string;
  /** Whether any voxel has a label: without one there is nothing to learn, nor to score. */
  readonly labelled: boolean;
}

export interface DigestOptions extends ReadOptions {
  /** Told after each piece how many of the box's voxels are done. */
  readonly progress?: (voxels: number, total: number) => void;
  /** What may be in memory at once, of each volume; 128 MiB unless given. */
  readonly maxBytes?: number;
}

/**
 * The checksum of an annotation: sha256 over the voxels of the box in C order, first the raw ones (uint8), then the labels
 * as little-endian uint64. So it does not depend on file format, chunks or dtype of the labels; tools/oracles/annotation_digest.py
 * computes the same with numpy.
 *
 * ```ts
 * const { sha256 } = await annotationDigest({ raw: 'raw.zarr', labels: 'labels.npy', box: '0:64,:,:' });
 * ```
 * @throws as `withAnnotation`
 */
export async function annotationDigest(
  place: AnnotationPlace,
  options: DigestOptions = {},
): Promise<AnnotationDigest> {
  return withAnnotation(place, options, (open) => digestOf(open, options));
}

/** The same of volumes that are open. */
export async function digestOf(
  { raw, labels, box }: OpenAnnotation,
  options: DigestOptions = {},
): Promise<AnnotationDigest> {
  const [both, first] = [createHash('sha256'), createHash('sha256')];
  const total = voxelsOf(box);
  // both volumes are read through: a voxel is done when its label is, and half done before
  let done = 0;
  const tell = (voxels: number) => options.progress?.(Math.floor((done += voxels) / 2), total);
  await each(raw, box, options, (voxels) => {
    both.update(voxels.data as Uint8Array); // the dtype was checked
    first.update(voxels.data as Uint8Array);
    tell(voxels.data.length);
  });
  let labelled = false;
  await each(labels, box, options, (voxels) => {
    const ids = toUint32(voxels, labels.location);
    labelled ||= ids.some((id) => id !== 0);
    updateAsUint64(both, ids);
    tell(voxels.data.length);
  });
  return { sha256: both.digest('hex'), raw: first.digest('hex'), labelled };
}

async function each(
  volume: Volume,
  box: Box,
  { signal, maxBytes }: DigestOptions,
  use: (voxels: Awaited<ReturnType<Volume['read']>>) => void,
): Promise<void> {
  const cut = { chunkShape: volume.chunkShape, ...(maxBytes !== undefined && { maxBytes }) };
  for (const piece of pieces(box, itemSize(volume.dtype), cut)) {
    signal?.throwIfAborted();
    use(await volume.read(piece, signal ? { signal } : {}));
  }
}

const SCRATCH = 2 ** 17;

/** Low word first, high word 0: ids of this system have 32 bits. Every platform of Node that we run on is little-endian. */
function updateAsUint64(hash: Hash, ids: Uint32Array): void {
  const words = new Uint32Array(2 * Math.min(SCRATCH, ids.length));
  for (let from = 0; from < ids.length; from += SCRATCH) {
    const count = Math.min(SCRATCH, ids.length - from);
    for (let i = 0; i < count; i++) words[2 * i] = ids[from + i]!;
    hash.update(words.subarray(0, 2 * count));
  }
}

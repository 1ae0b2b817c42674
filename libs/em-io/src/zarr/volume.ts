import * as zarr from 'zarrita';
import { checkAxisNames, splitChannels } from '../axes.ts';
import { isDtype, itemSize } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import { elementCount, formatShape, toVec3, type Vec3 } from '../geometry.ts';
import { volumeOver, writableOver, type Volume, type VolumeInfo, type WritableVolume } from '../volume.ts';
import { zarrSink, zarrSource, type ZarrArray } from './array.ts';
import { codecMetadata, registerCodecs, type Compressor } from './codecs.ts';
import { locateArray, spacingOf } from './metadata.ts';
import { replacingSink, roomBeside } from './replace.ts';
import { DirectoryStore } from './store.ts';

/** Metadata that claims larger chunks is taken for damaged: one chunk is the least that can be held. */
const maxChunkBytes = 2 ** 31;

/** @internal Opens an array of a local Zarr v3 or v2 directory. */
export async function openZarrVolume(path: string, inner?: string, maxReadBytes?: number): Promise<Volume> {
  registerCodecs();
  const store = new DirectoryStore(path);
  const located = await locateArray(store, inner);
  const { array } = located;
  const location = located.inner === '' ? path : `${path}:/${located.inner}`;
  checkMetadata(array, location);
  const dtype: unknown = array.dtype;
  if (!isDtype(dtype)) {
    throw new EmIoError(
      'em-io/dtype-unsupported',
      `${location} holds ${String(dtype)}; convert it to bool, an integer type, float32 or float64.`,
    );
  }
  if (elementCount(array.chunks) * itemSize(dtype) > maxChunkBytes) {
    throw new EmIoError(
      'em-io/too-large',
      `${location} has chunks of ${formatShape(array.chunks)} ${dtype}, more than the ${maxChunkBytes} bytes that one chunk may take; ` +
        'store it in smaller chunks.',
    );
  }
  const axes = splitChannels(array.shape, location);
  if (array.dimensionNames) checkAxisNames(array.dimensionNames, location);
  const info: VolumeInfo = {
    location,
    format: 'zarr',
    dtype,
    ...axes,
    chunkShape: toVec3(array.chunks.slice(-3)),
    ...spacingOf(located),
    attributes: array.attrs,
  };
  return volumeOver(info, zarrSource(array, dtype, location), maxReadBytes);
}

/** zarrita trusts the numbers in the metadata; they come from a file. */
function checkMetadata(array: ZarrArray, location: string): void {
  const { shape, chunks } = array;
  const valid =
    shape.length === chunks.length &&
    shape.every((length) => Number.isSafeInteger(length) && length >= 0) &&
    chunks.every((length) => Number.isSafeInteger(length) && length > 0);
  if (valid) return;
  throw new EmIoError(
    'em-io/damaged',
    `The Zarr metadata of ${location} has shape ${formatShape(shape)} and chunks ${formatShape(chunks)}, which do not fit together; write it again.`,
  );
}

/**
 * @internal Creates a Zarr v3 array in a directory. Attributes beside the caller's own:
 * `resolution`, `offset` (z, y, x) and `units` (nm) as CREMI and daisy write them, and `dimension_units`, which Neuroglancer reads.
 *
 * @param replace an array is there: it stays until the new one is closed, and when that is abandoned
 */
export async function createZarrVolume(
  info: VolumeInfo & { chunkShape: Vec3 },
  path: string,
  compressor: Compressor,
  replace: boolean,
  maxReadBytes?: number,
): Promise<WritableVolume> {
  registerCodecs();
  const root = replace ? await roomBeside(path) : path;
  const withChannels = info.channels === undefined ? [] : [info.channels];
  const attributes: Record<string, unknown> = { ...info.attributes };
  if (info.voxelSize) {
    attributes['resolution'] = info.voxelSize;
    attributes['units'] = ['nm', 'nm', 'nm'];
    attributes['dimension_units'] = [
      ...withChannels.map(() => null),
      ...info.voxelSize.map((size) => `${size} nm`),
    ];
  }
  if (info.offset) attributes['offset'] = info.offset;
  const array: ZarrArray = await zarr.create(new DirectoryStore(root), {
    shape: [...withChannels, ...info.shape],
    chunkShape: [...withChannels, ...info.chunkShape],
    dtype: info.dtype,
    fillValue: info.dtype === 'bool' ? false : 0,
    dimensionNames: [...withChannels.map(() => 'c'), 'z', 'y', 'x'],
    codecs: codecMetadata(compressor),
    attributes,
  });
  const complete = { ...info, attributes };
  const sink = zarrSink(array, info.dtype, path, compressor);
  return writableOver(complete, replace ? replacingSink(sink, root, path) : sink, maxReadBytes);
}

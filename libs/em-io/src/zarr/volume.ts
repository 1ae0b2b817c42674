import { checkAxisNames, splitChannels } from '../axes.ts';
import { isDtype, itemSize } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import { elementCount, formatShape, toVec3 } from '../geometry.ts';
import { volumeOver, type Volume, type VolumeInfo } from '../volume.ts';
import { zarrSource, type ZarrArray } from './array.ts';
import { registerCodecs } from './codecs.ts';
import { locateArray, spacingOf } from './metadata.ts';
import type { ZarrStore } from './store.ts';

/** Metadata that claims larger chunks is taken for damaged: one chunk is the least that can be held. */
const maxChunkBytes = 2 ** 31;

/** @internal Opens an array of Zarr v3 or v2. */
export async function openZarrVolume(
  store: ZarrStore,
  options: {
    inner?: string | undefined;
    maxReadBytes?: number | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<Volume> {
  registerCodecs();
  const located = await locateArray(store, options.inner, options.signal);
  const { array } = located;
  const location = located.inner === '' ? store.root : `${store.root}:/${located.inner}`;
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
  // Filters of Zarr v2 may store wider types; what cannot be compressed grows a little.
  store.limitChunks?.(elementCount(array.chunks) * 8.1 + 65_536);
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
  return volumeOver(info, zarrSource(array, dtype, location), options.maxReadBytes);
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

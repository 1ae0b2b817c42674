/** New Zarr v3 arrays, and going on with one that was begun. */
import * as zarr from 'zarrita';
import { EmIoError } from '../errors.ts';
import type { Vec3 } from '../geometry.ts';
import { writableOver, type VolumeInfo, type WritableVolume } from '../volume.ts';
import { zarrSink, type ZarrArray } from './array.ts';
import { codecMetadata, registerCodecs, type Compressor } from './codecs.ts';
import { firstDifference } from './difference.ts';
import { replacingSink, roomBeside } from './replace.ts';
import { DirectoryStore, type ZarrStore } from './store.ts';

/** @internal What is written, and where. */
export interface NewZarr {
  readonly info: VolumeInfo & { chunkShape: Vec3 };
  readonly store: ZarrStore;
  readonly compressor: Compressor;
  readonly maxReadBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @internal Creates an array where there is none. Attributes beside the caller's own:
 * `resolution`, `offset` (z, y, x) and `units` (nm) as CREMI and daisy write them, and `dimension_units`, which Neuroglancer reads.
 */
export async function createZarrVolume(options: NewZarr): Promise<WritableVolume> {
  const { store, signal } = options;
  const metadata = await metadataOf(options);
  await store.set('/zarr.json', metadata.bytes, signal ? { signal } : {});
  return writerOver(options, metadata.document);
}

/** @internal Creates an array that takes the place of the one at `path` once it is closed. */
export async function replaceZarrVolume(options: NewZarr, path: string): Promise<WritableVolume> {
  const partial = await roomBeside(path);
  const store = new DirectoryStore(partial);
  const metadata = await metadataOf(options);
  await store.set('/zarr.json', metadata.bytes);
  return writerOver({ ...options, store }, metadata.document, (sink) => replacingSink(sink, partial, path));
}

/**
 * @internal Opens an array that is there for going on writing.
 * @param found its zarr.json
 * @throws `em-io/exists` unless it is the array that would be created
 */
export async function resumeZarrVolume(options: NewZarr, found: Uint8Array): Promise<WritableVolume> {
  const { document } = await metadataOf(options);
  const { root } = options.store;
  const difference = firstDifference(parse(found, root), document);
  if (difference) {
    const { field, there, wanted } = difference;
    throw new EmIoError(
      'em-io/exists',
      `${root} exists with ${field} ${there} where ${wanted} is to be written, so its writing cannot be resumed; ` +
        'choose another name or remove it.',
    );
  }
  return writerOver(options, document);
}

function writerOver(
  { info, store, compressor, maxReadBytes }: NewZarr,
  document: Metadata,
  wrap = (sink: ReturnType<typeof zarrSink>) => sink,
): WritableVolume {
  // What zarrita wrote itself a moment ago.
  const metadata = document as unknown as ConstructorParameters<typeof zarr.Array>[2];
  const array = new zarr.Array(store, '/', metadata) as ZarrArray;
  const sink = wrap(zarrSink(array, info.dtype, info.location, compressor));
  return writableOver({ ...info, attributes: document.attributes }, sink, maxReadBytes);
}

interface Metadata extends Record<string, unknown> {
  readonly attributes: Record<string, unknown>;
}

async function metadataOf({ info, compressor }: NewZarr): Promise<{ bytes: Uint8Array; document: Metadata }> {
  registerCodecs();
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
  const draft = new Map<zarr.AbsolutePath, Uint8Array>();
  await zarr.create(draft, {
    shape: [...withChannels, ...info.shape],
    chunkShape: [...withChannels, ...info.chunkShape],
    dtype: info.dtype,
    fillValue: info.dtype === 'bool' ? false : 0,
    dimensionNames: [...withChannels.map(() => 'c'), 'z', 'y', 'x'],
    codecs: codecMetadata(compressor),
    attributes,
  });
  const bytes = draft.get('/zarr.json') ?? new Uint8Array(0);
  // The very object above, through JSON: as it will be read back.
  return { bytes, document: JSON.parse(new TextDecoder().decode(bytes)) as Metadata };
}

function parse(bytes: Uint8Array, root: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new EmIoError('em-io/damaged', `The zarr.json of ${root} is not JSON; remove it.`, {
      cause: error,
    });
  }
}

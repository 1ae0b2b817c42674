/** Regions of a Zarr array, chunk by chunk. zarrita finds and decodes chunks; copying and encoding are done here. */
import * as zarr from 'zarrita';
import { concurrently } from '../concurrently.ts';
import { byteOffset, byteStrides, copyRegion, forEachIndex } from '../copy-region.ts';
import { itemSize, type Dtype } from '../dtype.ts';
import { EmIoError, isEmIoError } from '../errors.ts';
import { elementCount } from '../geometry.ts';
import { regionShape, type Region, type RegionSink, type RegionSource } from '../volume.ts';
import { compress, type Compressor } from './codecs.ts';
import type { ZarrStore } from './store.ts';

export type ZarrArray = zarr.Array<zarr.DataType, ZarrStore>;

/** Chunks decoded at a time: Node's thread pool has four threads. */
const concurrency = 4;

export function zarrSource(array: ZarrArray, dtype: Dtype, location: string): RegionSource {
  const size = itemSize(dtype);
  return {
    async readRegion(region, target, signal) {
      const strides = byteStrides(regionShape(region), size);
      await eachChunk(array.chunks, region, signal, async (chunk, overlap, signal) => {
        const decoded = await decodeChunk(array, chunk, dtype, location, signal);
        copyRegion(
          {
            bytes: decoded.bytes,
            strides: decoded.strides,
            offset: byteOffset(relative(overlap.start, origin(chunk, array.chunks)), decoded.strides),
          },
          { bytes: target, strides, offset: byteOffset(relative(overlap.start, region.start), strides) },
          regionShape(overlap),
          size,
        );
      });
    },
    async close() {},
  };
}

/**
 * Writes whole chunks; a chunk that the region covers only in part is read first. Such writes to one chunk wait for each
 * other, so that boxes may be written concurrently from one process.
 */
export function zarrSink(
  array: ZarrArray,
  dtype: Dtype,
  location: string,
  compressor: Compressor,
): RegionSink {
  const size = itemSize(dtype);
  const strides = byteStrides(array.chunks, size);
  const chunkBytes = elementCount(array.chunks) * size;
  const busy = new Map<string, Promise<void>>();
  return {
    ...zarrSource(array, dtype, location),
    async writeRegion(region, source, signal) {
      const sourceStrides = byteStrides(regionShape(region), size);
      await eachChunk(array.chunks, region, signal, async (chunk, overlap, signal) => {
        const key = `/c/${chunk.join('/')}` as const;
        const write = async () => {
          const start = origin(chunk, array.chunks);
          // Chunks reach beyond the array's end; what lies there is nobody's, so covering the rest is covering it all.
          const whole = overlap.start.every((from, axis) => {
            const end = Math.min(start[axis] + array.chunks[axis], array.shape[axis]);
            return from === start[axis] && overlap.stop[axis] === end;
          });
          const bytes = new Uint8Array(chunkBytes);
          if (!whole) bytes.set((await decodeChunk(array, chunk, dtype, location, signal)).bytes);
          copyRegion(
            {
              bytes: source,
              strides: sourceStrides,
              offset: byteOffset(relative(overlap.start, region.start), sourceStrides),
            },
            { bytes, strides, offset: byteOffset(relative(overlap.start, start), strides) },
            regionShape(overlap),
            size,
          );
          const encoded = await compress(compressor, bytes);
          signal?.throwIfAborted();
          await array.store.set(key, encoded, signal ? { signal } : {});
        };
        const turn = (busy.get(key) ?? Promise.resolve()).then(write, write);
        busy.set(key, turn);
        await turn.finally(() => {
          if (busy.get(key) === turn) busy.delete(key);
        });
      });
    },
  };
}

function origin(chunk: readonly number[], chunkShape: readonly number[]): number[] {
  return chunk.map((index, axis) => index * chunkShape[axis]);
}

function relative(position: readonly number[], from: readonly number[]): number[] {
  return position.map((value, axis) => value - from[axis]);
}

/** Visits the chunks that a region touches, a few at a time. */
async function eachChunk(
  chunkShape: readonly number[],
  region: Region,
  signal: AbortSignal | undefined,
  visit: (chunk: number[], overlap: Region, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const first = region.start.map((from, axis) => Math.floor(from / chunkShape[axis]));
  const counts = region.stop.map((to, axis) => Math.ceil(to / chunkShape[axis]) - first[axis]);
  const chunks: number[][] = [];
  forEachIndex(counts, (index) => chunks.push(index.map((offset, axis) => offset + first[axis])));
  await concurrently(chunks, concurrency, signal, (chunk, signal) => {
    const start = origin(chunk, chunkShape);
    const overlap = {
      start: start.map((from, axis) => Math.max(from, region.start[axis])),
      stop: start.map((from, axis) => Math.min(from + chunkShape[axis], region.stop[axis])),
    };
    return visit(chunk, overlap, signal);
  });
}

/** The promise, or the signal's reason as soon as there is one. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

interface DecodedChunk {
  readonly bytes: Uint8Array;
  readonly strides: readonly number[];
}

async function decodeChunk(
  array: ZarrArray,
  chunk: number[],
  dtype: Dtype,
  location: string,
  signal: AbortSignal | undefined,
): Promise<DecodedChunk> {
  const size = itemSize(dtype);
  const name = `Chunk ${chunk.join('/')} of ${location}`;
  const expected = elementCount(array.chunks) * size;
  const reading = unlessAborted(array.getChunk(chunk, signal ? { signal } : {}), signal);
  const { data, stride } = await reading.catch((error: unknown) => {
    if (error instanceof TypeError && array.fillValue === null) {
      // zarrita 0.7.5 cannot fill an absent chunk of 64-bit integers when the metadata leaves its value undefined.
      return { data: new Uint8Array(expected), stride: byteStrides(array.chunks, 1) };
    }
    signal?.throwIfAborted(); // the caller's reason, not Node's AbortError around it
    if (isEmIoError(error)) throw error;
    if (error instanceof Error && 'retryable' in error) throw error; // what a function given as fetch refused
    if (zarr.isZarritaError(error, 'UnknownCodecError')) {
      throw new EmIoError(
        'em-io/filter-unsupported',
        `${location} is compressed with the codec ${error.codec}, which cannot be read here; store it with zstd, gzip or blosc.`,
        { cause: error },
      );
    }
    const cause = zarr.isZarritaError(error, 'CodecPipelineError') ? error.cause : error;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmIoError('em-io/chunk-unreadable', `${name} cannot be decoded (${reason}); write it again.`, {
      cause: error,
    });
  });
  // Our dtypes decode to typed arrays or zarrita's BoolArray, both views of a buffer.
  const view = data as { buffer: ArrayBufferLike; byteOffset: number; byteLength: number };
  if (view.byteLength !== expected) {
    throw new EmIoError(
      'em-io/chunk-unreadable',
      `${name} has ${view.byteLength} bytes after decoding, but its metadata says ${expected}; write it again.`,
    );
  }
  return {
    bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    strides: stride.map((elements) => elements * size),
  };
}

/** Boxes of an array that lies contiguously in a file: memory stays at the size of the box and one span. */
import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { concurrently } from '../concurrently.ts';
import { byteOffset, byteStrides, copyRegion, forEachIndex } from '../copy-region.ts';
import { EmIoError, ioError } from '../errors.ts';
import { regionShape, type Region } from '../volume.ts';

/** Files are read in spans of at most this, so that an abort is noticed soon. */
const maxSpanBytes = 16 * 2 ** 20;

/** @internal Bytes at a position, wherever they lie. */
export interface ByteSource {
  /** For messages. */
  readonly path: string;
  /** Fills the target. @throws `em-io/truncated` where the bytes end too soon. */
  read(target: Uint8Array, position: number, signal?: AbortSignal): Promise<void>;
  /** Reads that may be under way at a time: 1 unless given. */
  readonly parallel?: number;
}

/** @internal A file that is open. */
export function fileSource(file: FileHandle, path: string): ByteSource {
  return { path, read: (target, position) => readFully(file, target, position, path) };
}

/** @internal An array lying in a file, in C order. */
export interface Stored {
  readonly source: ByteSource;
  readonly shape: readonly number[];
  readonly element: number;
  readonly dataOffset: number;
}

/**
 * Reads a region span by span. A span covers all rows of one plane of the box, including what lies between them, unless
 * that would read more than eight times what is wanted: then row by row.
 */
export async function readSpans(
  stored: Stored,
  region: Region,
  target: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const { shape, element } = stored;
  const extent = regionShape(region);
  const strides = byteStrides(shape, element);
  const targetStrides = byteStrides(extent, element);
  let axis = contiguousFrom(shape, extent);
  const rows = extent[axis - 1];
  const run = extent[axis] * strides[axis];
  const span = axis > 0 ? (rows - 1) * strides[axis - 1] + run : run;
  const together = axis > 0 && span <= 8 * rows * run && span <= maxSpanBytes;
  if (together) axis -= 1;
  const outer: number[][] = [];
  forEachIndex(extent.slice(0, axis), (index) => outer.push([...index]));
  const scratches: Uint8Array[] = [];
  await concurrently(outer, stored.source.parallel ?? 1, signal, async (index, signal) => {
    const from = byteOffset(region.start, strides) + byteOffset(index, strides) + stored.dataOffset;
    const to = byteOffset(index, targetStrides);
    if (!together) return readPieces(stored, target.subarray(to, to + run), from, signal);
    const scratch = scratches.pop() ?? new Uint8Array(span);
    await readPieces(stored, scratch, from, signal);
    copyRegion(
      { bytes: scratch, offset: 0, strides: strides.slice(axis) },
      { bytes: target, offset: to, strides: targetStrides.slice(axis) },
      extent.slice(axis),
      element,
    );
    scratches.push(scratch);
  });
}

/** The first axis of the longest contiguous run: all axes after it are covered whole. */
function contiguousFrom(shape: readonly number[], extent: readonly number[]): number {
  let axis = Math.max(0, shape.length - 1);
  while (axis > 0 && extent[axis] === shape[axis]) axis -= 1;
  return axis;
}

async function readPieces(
  stored: Stored,
  target: Uint8Array,
  from: number,
  signal?: AbortSignal,
): Promise<void> {
  for (let at = 0; at < target.length; at += maxSpanBytes) {
    signal?.throwIfAborted();
    await stored.source.read(target.subarray(at, at + maxSpanBytes), from + at, signal);
  }
}

/** @throws `em-io/truncated` where the file ends too soon. */
async function readFully(
  file: FileHandle,
  target: Uint8Array,
  position: number,
  path: string,
): Promise<void> {
  for (let at = 0; at < target.length;) {
    const { bytesRead } = await file
      .read(target, at, target.length - at, position + at)
      .catch((error: unknown) => Promise.reject(ioError(error, 'read', path)));
    if (bytesRead === 0) {
      throw new EmIoError(
        'em-io/truncated',
        `${path} ends at byte ${position + at}, inside its data; copy it again.`,
      );
    }
    at += bytesRead;
  }
}

/** Runs shorter than this are written synchronously: the trip through the thread pool costs twenty times the write. */
const shortRunBytes = 64 * 1024;

/** How many short runs are written before other work gets a turn, a few milliseconds. */
const shortRunsAtOnce = 512;

/** Writes a region run by run, in place. */
export async function writeRuns(
  stored: Stored & { readonly file: FileHandle },
  region: Region,
  source: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const { shape, element, dataOffset, file } = stored;
  const { path } = stored.source;
  const strides = byteStrides(shape, element);
  const extent = regionShape(region);
  const axis = contiguousFrom(shape, extent);
  const run = extent[axis] * strides[axis];
  const start = byteOffset(region.start, strides) + dataOffset;
  const positions: number[] = [];
  forEachIndex(extent.slice(0, axis), (index) => positions.push(start + byteOffset(index, strides)));
  for (let i = 0; i < positions.length; i++) {
    const bytes = source.subarray(i * run, (i + 1) * run);
    if (i % shortRunsAtOnce === 0 || run >= shortRunBytes) {
      signal?.throwIfAborted();
      await new Promise(setImmediate);
    }
    try {
      for (let at = 0; at < run;) {
        const [length, position] = [Math.min(maxSpanBytes, run - at), positions[i] + at];
        at +=
          run < shortRunBytes
            ? writeSync(file.fd, bytes, at, length, position)
            : (await file.write(bytes, at, length, position)).bytesWritten;
      }
    } catch (error) {
      throw ioError(error, 'write', path);
    }
  }
}

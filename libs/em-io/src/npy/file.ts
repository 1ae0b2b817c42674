/** npy files as volumes: boxes are read and written in place, so memory stays at the size of the box. */
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { splitChannels } from '../axes.ts';
import { byteOffset, byteStrides, copyRegion, forEachIndex } from '../copy-region.ts';
import { itemSize, swapBytes, viewAs } from '../dtype.ts';
import { bytesOf } from '../dtype.ts';
import { EmIoError, ioError } from '../errors.ts';
import { elementCount } from '../geometry.ts';
import { fromFortranOrder } from '../ndarray.ts';
import {
  regionShape,
  volumeOver,
  writableOver,
  type Region,
  type RegionSource,
  type Volume,
  type VolumeInfo,
  type WritableVolume,
} from '../volume.ts';
import { checkNpyLength } from './codec.ts';
import { headerBytesToRead, parseNpyHeader, writeNpyHeader } from './header.ts';

/** Files are read in spans of at most this, so that an abort is noticed soon. */
const maxSpanBytes = 16 * 2 ** 20;

/** @internal Opens an .npy file. npy has no attributes: voxel size and offset are unknown. */
export async function openNpyVolume(path: string, maxReadBytes?: number): Promise<Volume> {
  const file = await open(path, 'r').catch((error: unknown) => Promise.reject(ioError(error, 'open', path)));
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, headerBytesToRead));
    await readFully(file, head, 0, path);
    const header = parseNpyHeader(head, path);
    checkNpyLength(header, size, path);
    const info: VolumeInfo = {
      location: path,
      format: 'npy',
      dtype: header.dtype,
      ...splitChannels(header.shape, path),
      attributes: {},
    };
    const element = itemSize(header.dtype);
    const stored = { file, path, element, dataOffset: header.dataOffset };
    const source: RegionSource = {
      async readRegion(region, target, signal) {
        if (header.fortranOrder) {
          // Fortran order of a shape is C order of the reversed shape.
          const reversed = { start: [...region.start].reverse(), stop: [...region.stop].reverse() };
          const raw = new Uint8Array(target.length);
          await readSpans({ ...stored, shape: [...header.shape].reverse() }, reversed, raw, signal);
          const turned = fromFortranOrder(header.dtype, regionShape(region), viewAs(header.dtype, raw));
          target.set(bytesOf(turned.data));
        } else {
          await readSpans({ ...stored, shape: header.shape }, region, target, signal);
        }
        if (header.bigEndian) swapBytes(target, element);
      },
      close: () => file.close(),
    };
    return volumeOver(info, source, maxReadBytes);
  } catch (error) {
    await file.close();
    throw ioError(error, 'read', path);
  }
}

interface Stored {
  readonly file: FileHandle;
  readonly path: string;
  readonly shape: readonly number[];
  readonly element: number;
  readonly dataOffset: number;
}

/**
 * Reads a region span by span. A span covers all rows of one plane of the box, including what lies between them, unless
 * that would read more than eight times what is wanted: then row by row.
 */
async function readSpans(
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
  const scratch = together ? new Uint8Array(span) : undefined;
  const outer: number[][] = [];
  forEachIndex(extent.slice(0, axis), (index) => outer.push([...index]));
  for (const index of outer) {
    signal?.throwIfAborted();
    const from = byteOffset(region.start, strides) + byteOffset(index, strides) + stored.dataOffset;
    const to = byteOffset(index, targetStrides);
    if (!scratch) {
      await readPieces(stored, target.subarray(to, to + run), from, signal);
      continue;
    }
    await readPieces(stored, scratch, from, signal);
    copyRegion(
      { bytes: scratch, offset: 0, strides: strides.slice(axis) },
      { bytes: target, offset: to, strides: targetStrides.slice(axis) },
      extent.slice(axis),
      element,
    );
  }
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
    await readFully(stored.file, target.subarray(at, at + maxSpanBytes), from + at, stored.path);
  }
}

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

/**
 * @internal Creates an .npy file of zeros (sparse on most file systems). It lies beside its place as `.partial` and takes
 * its name on `close()`, so that a file of that name is always complete.
 */
export async function createNpyVolume(
  info: VolumeInfo,
  path: string,
  maxReadBytes?: number,
): Promise<WritableVolume> {
  const shape = info.channels === undefined ? info.shape : [info.channels, ...info.shape];
  const element = itemSize(info.dtype);
  const header = writeNpyHeader(info.dtype, shape);
  const partial = `${path}.partial`;
  const strides = byteStrides(shape, element);
  const refused = (error: unknown) => Promise.reject(ioError(error, 'write', path));
  const file = await open(partial, 'w+').catch(refused);
  try {
    await file.write(header, 0, header.length, 0);
    await file.truncate(header.length + elementCount(shape) * element);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw ioError(error, 'write', path);
  }
  const stored = { file, path, shape, element, dataOffset: header.length };
  return writableOver(
    info,
    {
      readRegion: (region, target, signal) => readSpans(stored, region, target, signal),
      async writeRegion(region, source, signal) {
        const extent = regionShape(region);
        const axis = contiguousFrom(shape, extent);
        const run = extent[axis] * strides[axis];
        const start = byteOffset(region.start, strides) + header.length;
        const outer: number[] = [];
        forEachIndex(extent.slice(0, axis), (index) => outer.push(start + byteOffset(index, strides)));
        let from = 0;
        for (const position of outer) {
          signal?.throwIfAborted();
          await writeFully(file, source.subarray(from, from + run), position).catch(refused);
          from += run;
        }
      },
      async close() {
        await file.close();
        await rename(partial, path).catch(refused);
      },
    },
    maxReadBytes,
  );
}

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

/** Whether something is at the path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

import { open } from 'node:fs/promises';
import { splitChannels } from '../axes.ts';
import { bytesOf, itemSize, swapBytes, viewAs } from '../dtype.ts';
import { ioError } from '../errors.ts';
import { fromFortranOrder } from '../ndarray.ts';
import { regionShape, volumeOver, type RegionSource, type Volume, type VolumeInfo } from '../volume.ts';
import { checkNpyLength } from './codec.ts';
import { headerBytesToRead, parseNpyHeader } from './header.ts';
import { fileSource, readSpans, type ByteSource } from './spans.ts';

/** @internal A file that is open, and what it starts with. */
export interface OpenedBytes {
  readonly source: ByteSource;
  /** The first bytes, `headerBytesToRead` or as many as there are. */
  readonly head: Uint8Array;
  /** Bytes of the file; absent where a server does not say. */
  readonly size?: number;
  close(): Promise<void>;
}

/** @internal Opens an .npy file. */
export async function openNpyVolume(path: string, maxReadBytes?: number): Promise<Volume> {
  const file = await open(path, 'r').catch((error: unknown) => Promise.reject(ioError(error, 'open', path)));
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, headerBytesToRead));
    const source = fileSource(file, path);
    await source.read(head, 0);
    return openNpySource({ source, head, size, close: () => file.close() }, maxReadBytes);
  } catch (error) {
    await file.close();
    throw ioError(error, 'read', path);
  }
}

/** @internal A volume over the bytes of an npy file. npy has no attributes: voxel size and offset are unknown. */
export function openNpySource(bytes: OpenedBytes, maxReadBytes?: number): Volume {
  const { path } = bytes.source;
  const header = parseNpyHeader(bytes.head, path);
  if (bytes.size !== undefined) checkNpyLength(header, bytes.size, path);
  const info: VolumeInfo = {
    location: path,
    format: 'npy',
    dtype: header.dtype,
    ...splitChannels(header.shape, path),
    attributes: {},
  };
  const element = itemSize(header.dtype);
  const stored = { source: bytes.source, element, dataOffset: header.dataOffset };
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
    close: () => bytes.close(),
  };
  return volumeOver(info, source, maxReadBytes);
}

import { open } from 'node:fs/promises';
import { splitChannels } from '../axes.ts';
import { bytesOf, itemSize, swapBytes, viewAs } from '../dtype.ts';
import { ioError } from '../errors.ts';
import { fromFortranOrder } from '../ndarray.ts';
import { regionShape, volumeOver, type RegionSource, type Volume, type VolumeInfo } from '../volume.ts';
import { checkNpyLength } from './codec.ts';
import { headerBytesToRead, parseNpyHeader } from './header.ts';
import { readFully, readSpans } from './spans.ts';

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

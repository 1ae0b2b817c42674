import { open, rename, rm } from 'node:fs/promises';
import { itemSize } from '../dtype.ts';
import { ioError } from '../errors.ts';
import { elementCount } from '../geometry.ts';
import { writableOver, type VolumeInfo, type WritableVolume } from '../volume.ts';
import { writeNpyHeader } from './header.ts';
import { fileSource, readSpans, writeRuns } from './spans.ts';

/**
 * @internal Creates an .npy file of zeros (sparse on most file systems). It lies beside its place as `.partial` and takes
 * its name on `close()`, so that a file of that name is always complete; disposed of without `close()`, it is removed.
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
  const refused = (error: unknown) => Promise.reject(ioError(error, 'write', path));
  const file = await open(partial, 'w+').catch(refused);
  try {
    await file.write(header, 0, header.length, 0);
    await file.truncate(header.length + elementCount(shape) * element);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true }).catch(() => undefined); // the first error is the one to report
    throw ioError(error, 'write', path);
  }
  const source = fileSource(file, path);
  const stored = { file, source, shape, element, dataOffset: header.length };
  return writableOver(
    info,
    {
      readRegion: (region, target, signal) => readSpans(stored, region, target, signal),
      writeRegion: (region, source, signal) => writeRuns(stored, region, source, signal),
      async close() {
        await file.close().catch(refused); // where a network file system says that the disk is full
        await rename(partial, path).catch(refused);
      },
      async discard() {
        await file.close();
        await rm(partial, { force: true });
      },
    },
    maxReadBytes,
  );
}

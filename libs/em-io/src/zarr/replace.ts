/** Replacing an array: the new one is written beside the old one, and takes its place once it is complete. */
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm } from 'node:fs/promises';
import { EmIoError, ioError } from '../errors.ts';
import type { RegionSink } from '../volume.ts';

/** All that a writer killed before `close()` can have left at the top of an array. */
const ours = /^(c|zarr\.json(\..+\.partial)?)$/;

/**
 * Where to write what is to replace the array at `path`; what a killed writer left there is removed.
 * @throws `em-io/exists` when something else is there
 */
export async function roomBeside(path: string): Promise<string> {
  const partial = `${path}.partial`;
  try {
    const names = await readdir(partial).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const foreign = names?.find((name) => !ours.test(name));
    if (foreign !== undefined)
      throw new EmIoError(
        'em-io/exists',
        `${partial} is where the new array is written first, but holds ${foreign}, which is no part of one; move it away.`,
      );
    if (names) await rm(partial, { recursive: true });
    return partial;
  } catch (error) {
    throw ioError(error, 'replace', path);
  }
}

/**
 * A sink over the array at `partial`: `close()` puts it in the place of `path`, `discard()` drops it. Both wait for what
 * is being written: a chunk that came later would make the directory anew.
 *
 * A directory cannot take the place of a full one in one step. Killed between the two renames, a writer leaves no array at
 * `path`, but both beside it, whole: the old one as `.replaced`, the new one as `.partial`.
 */
export function replacingSink(sink: RegionSink, partial: string, path: string): RegionSink {
  const writing = new Set<Promise<void>>();
  const settled = () => Promise.allSettled(writing); // whoever wrote hears of failures
  return {
    ...sink,
    async writeRegion(region, source, signal) {
      const write = sink.writeRegion(region, source, signal);
      writing.add(write);
      try {
        await write;
      } finally {
        writing.delete(write);
      }
    },
    async close() {
      await settled();
      await sink.close();
      const replaced = `${path}.${randomUUID()}.replaced`;
      try {
        await rename(path, replaced).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error; // removed meanwhile: nothing is in the way
        });
        await rename(partial, path).catch(async (error: unknown) => {
          await rename(replaced, path).catch(() => undefined); // the first error is the one to report
          throw error;
        });
        await rm(replaced, { recursive: true, force: true });
      } catch (error) {
        throw ioError(error, 'replace', path);
      }
    },
    async discard() {
      await settled();
      await rm(partial, { recursive: true, force: true });
    },
  };
}

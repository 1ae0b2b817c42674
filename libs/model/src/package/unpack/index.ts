import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { RDF } from '../description.ts';
import { EntryNames } from './names.ts';
import { extract } from './extract.ts';
import { isSystemError, refused } from './refused.ts';

export interface UnpackOptions {
  /** The most that all files together may have, unpacked. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Unpacks an archive that somebody else made: a zip with the files of one model package, at its top level or in one
 * folder. What the files say is for `readModelPackage` to check, afterwards.
 *
 * @param archiveFile a zip, stored or deflated, as `packModelPackage` or any other tool makes it
 * @param dir made here, or empty; after an error as it was before
 * @throws ModelError `model/package`, `details.reason` being `archive` (not a zip, cut short, damaged), `entry` (a name
 *   that is not a plain file name, a link, an encrypted or repeated file), `too-large` or `missing` (no rdf.yaml); the
 *   signal's reason; errors of the file system, such as ENOSPC, as they are
 * @example
 *     await unpackModelPackage('upload.zip', 'models/uploads/1', { maxBytes: 2 ** 30 });
 *     const model = await readModelPackage('models/uploads/1');
 */
export async function unpackModelPackage(
  archiveFile: string,
  dir: string,
  options: UnpackOptions,
): Promise<void> {
  const { signal } = options;
  signal?.throwIfAborted();
  const zip = await opened(archiveFile);
  const written: string[] = [];
  let made: string | undefined;
  try {
    made = await mkdir(dir, { recursive: true });
    if ((await readdir(dir)).length > 0)
      throw refused(archiveFile, 'directory', `cannot be unpacked to ${dir}, which is not empty`);
    const names = new EntryNames(archiveFile);
    let left = options.maxBytes;
    for await (const entry of entries(zip, archiveFile)) {
      signal?.throwIfAborted();
      const name = names.take(entry);
      if (name === undefined) continue; // the folder that all files are in
      if (entry.uncompressedSize > left)
        throw refused(
          archiveFile,
          'too-large',
          `has more than ${options.maxBytes} bytes of files, the limit here`,
          { limit: options.maxBytes },
        );
      written.push(name);
      await extract(zip, archiveFile, entry, join(dir, name), signal);
      left -= entry.uncompressedSize;
    }
    if (!written.includes(RDF)) throw refused(archiveFile, 'missing', `has no ${RDF}`, { entry: RDF });
  } catch (error) {
    await Promise.all(written.map((name) => rm(join(dir, name), { force: true })));
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw error;
  } finally {
    zip.close();
  }
}

async function opened(archiveFile: string): Promise<ZipFile> {
  try {
    return await openPromise(archiveFile, { lazyEntries: true, autoClose: false });
  } catch (cause) {
    throw isSystemError(cause) ? cause : unreadable(archiveFile, cause);
  }
}

async function* entries(zip: ZipFile, archiveFile: string): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (cause) {
    throw isSystemError(cause) ? cause : unreadable(archiveFile, cause);
  }
}

function unreadable(archiveFile: string, cause: unknown): Error {
  const why = (cause as Error).message.split(/[.?] /)[0]; // thrown by yauzl, some of it in several sentences
  return refused(archiveFile, 'archive', `is not a whole zip (${why})`, { cause });
}

import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { isModelError } from '../../errors.ts';
import { isSystemError, refused } from './refused.ts';

/**
 * Writes one entry to a new file. No more is written than the entry says it has, whatever comes out of its bytes.
 *
 * @throws ModelError `model/package` when the bytes are not what the entry says; the signal's reason
 */
export async function extract(
  zip: ZipFile,
  archiveFile: string,
  entry: Entry,
  file: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const refuse = (what: string, cause?: unknown) =>
    refused(archiveFile, 'archive', `has the entry ${JSON.stringify(entry.fileName)}, ${what}`, {
      entry: entry.fileName,
      cause,
    });
  try {
    const bytes = await stored(zip, archiveFile, entry);
    const checked = async function* (source: AsyncIterable<Buffer>) {
      let [length, checksum] = [0, 0];
      for await (const chunk of source) {
        length += chunk.length;
        if (length > entry.uncompressedSize)
          throw refuse(`which has more than the ${entry.uncompressedSize} bytes that it says it has`);
        checksum = crc32(chunk, checksum);
        yield chunk;
      }
      if (length < entry.uncompressedSize)
        throw refuse(`which has ${length} of the ${entry.uncompressedSize} bytes that it says it has`);
      if (checksum !== entry.crc32) throw refuse('whose checksum does not fit its bytes');
    };
    // flushed: the package may be moved into place by a rename, and a rename is not held back by its content
    const target = createWriteStream(file, { flags: 'wx', flush: true });
    const options = signal ? { signal } : {};
    await (entry.compressionMethod === 0
      ? pipeline(bytes, checked, target, options)
      : pipeline(bytes, createInflateRaw(), checked, target, options));
  } catch (error) {
    signal?.throwIfAborted();
    if (isModelError(error) || isSystemError(error)) throw error;
    throw refuse(`which cannot be read (${(error as Error).message})`, error); // of yauzl or zlib
  }
}

async function stored(zip: ZipFile, archiveFile: string, entry: Entry): Promise<Readable> {
  const { fileDataStart: start } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  if (entry.compressedSize === 0) return Readable.from([]);
  return createReadStream(archiveFile, { start, end: start + entry.compressedSize - 1 });
}

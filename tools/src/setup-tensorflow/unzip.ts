import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw, crc32 } from 'node:zlib';
import { failed } from './errors.ts';

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly size: number;
  /** Offset of the entry's local header. */
  readonly offset: number;
}

const END = 0x06054b50; // end of central directory
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;

/**
 * Extracts the entries for which `place` names a path, one at a time and streaming: a wheel holds libraries of 800 MB.
 * Reads stored and deflated entries; ZIP64 and encryption are refused.
 *
 * @returns how many files were written
 * @throws {SetupError} `setup-tensorflow/failed` when the archive is damaged
 */
export async function unzip(
  archive: string,
  place: (name: string) => string | undefined,
  signal?: AbortSignal,
): Promise<number> {
  const file = await open(archive);
  try {
    let written = 0;
    for (const entry of await readDirectory(file, archive)) {
      const target = place(entry.name);
      if (target === undefined) continue;
      await mkdir(dirname(target), { recursive: true });
      await extract(file, archive, entry, target, signal);
      written++;
    }
    return written;
  } finally {
    await file.close();
  }
}

async function readDirectory(file: FileHandle, archive: string): Promise<Entry[]> {
  const { size } = await file.stat();
  // The end record is 22 bytes and a comment of at most 65535.
  const tail = await bytesAt(file, Math.max(0, size - 22 - 0xffff), Math.min(size, 22 + 0xffff));
  let end = tail.length - 22;
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--;
  if (end < 0) throw failed(`${archive} is not a zip archive; delete it and run again.`);
  const count = tail.readUInt16LE(end + 10);
  const length = tail.readUInt32LE(end + 12);
  const start = tail.readUInt32LE(end + 16);
  if (count === 0xffff || length === 0xffffffff || start === 0xffffffff)
    throw failed(`${archive} is a ZIP64 archive, which is not read here; use the wheel named in recipe.ts.`);
  const directory = await bytesAt(file, start, length);
  const entries: Entry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + 46 > directory.length || directory.readUInt32LE(at) !== CENTRAL)
      throw failed(`${archive} has a damaged directory; delete it and run again.`);
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameLength),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      compressed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      offset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

async function extract(
  file: FileHandle,
  archive: string,
  entry: Entry,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  const damaged = (what: string, cause?: unknown) =>
    failed(`${entry.name} in ${archive} ${what}; delete the archive and run again.`, { cause });
  if (entry.method !== 0 && entry.method !== 8) throw damaged(`is packed with method ${entry.method}`);
  const header = await bytesAt(file, entry.offset, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) throw damaged('has no header');
  const start = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  let size = 0;
  let crc = 0;
  const measure = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      size += chunk.length;
      crc = crc32(chunk, crc);
      done(null, chunk);
    },
  });
  if (entry.compressed > 0) {
    const packed = createReadStream(archive, { start, end: start + entry.compressed - 1 });
    const options = signal ? { signal } : {};
    const output = createWriteStream(target);
    try {
      await (entry.method === 8
        ? pipeline(packed, createInflateRaw(), measure, output, options)
        : pipeline(packed, measure, output, options));
    } catch (cause) {
      signal?.throwIfAborted();
      throw damaged(`cannot be unpacked (${cause instanceof Error ? cause.message : String(cause)})`, cause);
    }
  } else {
    await writeFile(target, '');
  }
  if (size !== entry.size || crc !== entry.crc) throw damaged('has other contents than its directory says');
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}

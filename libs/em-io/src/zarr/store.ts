/** What a Zarr store is here, and a directory as one. Its writes are atomic: a reader sees the old value, or the new one, never a part. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AbsolutePath, AsyncMutable, GetOptions, RangeQuery } from 'zarrita';
import { EmIoError, ioError } from '../errors.ts';

/** What Zarr arrays lie in: a directory, or keys below a URL. */
export interface ZarrStore extends AsyncMutable {
  /** The place, for messages and for `location`. */
  readonly root: string;
  /** Where a key is, for messages. */
  pathOf(key: AbsolutePath): string;
  getRange(key: AbsolutePath, range: RangeQuery, options?: GetOptions): Promise<Uint8Array | undefined>;
  /** A value appears whole or not at all. */
  set(key: AbsolutePath, value: Uint8Array, options?: GetOptions): Promise<void>;
  /** Names of what may be nodes below a path, sorted; absent where nothing can be listed. */
  list?(path: string): Promise<string[]>;
  /** From now on a chunk may take at most so many bytes; for stores that cannot tell beforehand. */
  limitChunks?(bytes: number): void;
}

export class DirectoryStore implements ZarrStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The file behind a key, for messages. */
  pathOf(key: AbsolutePath): string {
    return join(this.root, key);
  }

  async get(key: AbsolutePath, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    const path = this.pathOf(key);
    return readFile(path, { signal: options.signal }).catch((error: unknown) => absent(error, path));
  }

  /**
   * A part of a value, as shards are read. zarrita's own store pads what is missing with zeros; here it is an error.
   */
  async getRange(
    key: AbsolutePath,
    range: RangeQuery,
    options: GetOptions = {},
  ): Promise<Uint8Array | undefined> {
    if (!('suffixLength' in range)) options.signal?.throwIfAborted(); // an index is shared: see HttpStore
    const path = this.pathOf(key);
    const file = await open(path, 'r').catch((error: unknown) => absent(error, path));
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      const length = 'suffixLength' in range ? range.suffixLength : range.length;
      const start = 'suffixLength' in range ? size - range.suffixLength : range.offset;
      if (start < 0 || start + length > size) {
        throw new EmIoError(
          'em-io/truncated',
          `${path} is truncated: bytes ${start} to ${start + length} of it are needed, but there are ${size}; copy it again.`,
        );
      }
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, start);
      if (bytesRead < length)
        throw new EmIoError('em-io/io', `${path} shrank while it was read; read it again.`);
      return bytes;
    } finally {
      await file.close();
    }
  }

  async list(path: string): Promise<string[]> {
    const entries = await readdir(join(this.root, path), { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort();
  }

  async set(key: AbsolutePath, value: Uint8Array): Promise<void> {
    const path = this.pathOf(key);
    const temporary = `${path}.${randomUUID()}.partial`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, value);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
      throw ioError(error, 'write', path);
    }
  }
}

/** A key without a file is how Zarr says "fill value"; any other failure is one. */
function absent(error: unknown, path: string): undefined {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
    return undefined;
  }
  throw ioError(error, 'read', path);
}

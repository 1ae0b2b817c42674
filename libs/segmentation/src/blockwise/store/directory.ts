import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SegmentationError } from '../../errors.ts';
import { temporaryPrefix, type ArtefactStore, type StoredName } from './store.ts';

/**
 * Artefacts as files of a directory, which is made when first written to. The file system must have hard links: they are
 * the conditional write.
 *
 * @example const artefacts = directoryArtefacts('/data/jobs/42');
 */
export function directoryArtefacts(directory: string): ArtefactStore {
  return new DirectoryArtefacts(directory);
}

/** Read at once, a millisecond or less. */
const pieceBytes = 2 ** 20;

class DirectoryArtefacts implements ArtefactStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async put(name: string, parts: readonly Uint8Array[]): Promise<void> {
    await this.#write(name, parts, (temporary, path) => rename(temporary, path));
  }

  async putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean> {
    return this.#write(name, [bytes], async (temporary, path) => {
      const first = await link(temporary, path).then(() => true, unless('EEXIST', false));
      await rm(temporary, { force: true });
      return first;
    });
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const path = this.#path(name);
    const file = openThere(path);
    if (file === undefined) return undefined;
    return reading(path, file, async () => {
      const bytes = new Uint8Array(fstatSync(file).size);
      await fill(path, file, bytes, 0);
      return bytes;
    });
  }

  async getRange(name: string, offset: number, target: Uint8Array): Promise<void> {
    const path = this.#path(name);
    const file = openThere(path);
    if (file === undefined) throw missing(path, 'is not there');
    await reading(path, file, () => fill(path, file, target, offset));
  }

  async delete(name: string): Promise<void> {
    const path = this.#path(name);
    await rm(path, { force: true }).catch(refused('delete', path));
  }

  async *list(prefix: string): AsyncGenerator<StoredName, void, void> {
    const path = this.#path(prefix);
    const entries = await readdir(path, { withFileTypes: true })
      .catch(unless('ENOENT', []))
      .catch(refused('list', path));
    for (const entry of entries) {
      const name = `${prefix}${entry.name}`;
      if (entry.isDirectory()) {
        yield* this.list(`${name}/`);
        continue;
      }
      // deleted in the meantime by somebody who works on the same job
      const found = await stat(this.#path(name))
        .catch(unless('ENOENT', undefined))
        .catch(refused('list', path));
      if (found) yield { name, modified: found.mtimeMs };
    }
  }

  async adopt(from: ArtefactStore, name: string): Promise<boolean> {
    if (!(from instanceof DirectoryArtefacts)) return false;
    const [source, target] = [from.#path(name), this.#path(name)];
    await mkdir(dirname(target), { recursive: true }).catch(refused('create', dirname(target)));
    await link(source, target).catch(async (error: unknown) => {
      if (codeOf(error) === 'EEXIST') return;
      if (codeOf(error) === 'ENOENT') throw missing(source, 'is not there');
      // another disk, or a file system without links
      await this.#write(name, [], async (temporary, path) => {
        await copyFile(source, temporary);
        await rename(temporary, path);
      });
    });
    return true;
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  async #write<T>(
    name: string,
    parts: readonly Uint8Array[],
    commit: (temporary: string, path: string) => Promise<T>,
  ): Promise<T> {
    const path = this.#path(name);
    const temporary = this.#path(`${temporaryPrefix}${randomUUID()}`);
    try {
      const file = await makingRoom(temporary, () => open(temporary, 'wx'));
      try {
        for (const part of parts)
          for (let at = 0; at < part.length;)
            at += (await file.write(part, at, part.length - at)).bytesWritten;
      } finally {
        await file.close();
      }
      return await makingRoom(path, () => commit(temporary, path));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
      throw error instanceof SegmentationError ? error : storageError('write', path, error);
    }
  }
}

/** Undefined when there is no such file. */
function openThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw storageError('open', path, error);
  }
}

async function reading<T>(path: string, file: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SegmentationError ? error : storageError('read', path, error);
  } finally {
    closeSync(file);
  }
}

/** Synchronous, piece by piece: what is read was just written, and the way through the thread pool takes longer than that. */
async function fill(path: string, file: number, target: Uint8Array, offset: number): Promise<void> {
  for (let at = 0; at < target.length;) {
    const length = readSync(file, target, at, Math.min(pieceBytes, target.length - at), offset + at);
    if (length === 0) throw missing(path, `ends at byte ${offset + at}`);
    at += length;
    if (at < target.length) await new Promise(setImmediate); // others get a turn
  }
}

/** Tries, and tries again with the directory of a path made if there was none: mostly it is there. */
async function makingRoom<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return work();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** A value instead of one expected error. */
function unless<T>(code: string, value: T): (error: unknown) => T {
  return (error) => {
    if (codeOf(error) === code) return value;
    throw error;
  };
}

function refused(action: string, path: string): (error: unknown) => never {
  return (error) => {
    throw storageError(action, path, error);
  };
}

function missing(path: string, how: string): SegmentationError {
  return new SegmentationError(
    'segmentation/artefact-missing',
    `The artefact ${path} ${how}, though the job needs it: start the job again in an empty directory.`,
  );
}

function storageError(action: string, path: string, cause: unknown): SegmentationError {
  if (['ENOSPC', 'EDQUOT'].includes(codeOf(cause)))
    return new SegmentationError(
      'segmentation/no-space',
      `Cannot ${action} ${path}: the disk, or its quota, is full; make room and run the job again, it goes on where it was.`,
      { cause },
    );
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SegmentationError('segmentation/storage', `Cannot ${action} ${path}: ${reason}.`, { cause });
}

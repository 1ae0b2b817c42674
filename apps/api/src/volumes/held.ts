import type { BigIntStats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { alreadyThere, checkPreconditions, etagOf, type Preconditions } from './etag.ts';
import { codeOf, unless, type Files } from './files.ts';
import { layoutOf } from './metadata.ts';
import { Mutex } from './mutex.ts';
import { underValue } from './problems.ts';
import { tallyOf, type Tally } from './tally.ts';

/** Of a volume's directory: the hierarchy, and beside it what is still arriving. */
export const HIERARCHY = 'volume.zarr';
export const INCOMING = 'incoming';

/** A value that has arrived whole, beside its place. */
export interface Arrived {
  readonly path: string;
  readonly size: number;
  /** What it says about an array, if it does. */
  readonly document: Record<string, unknown> | undefined;
}

/**
 * One volume and the order of what happens to it. Values arrive beside each other; putting one into its place, counting,
 * sealing and deleting happen one at a time under `mutex`, each a few calls of the file system.
 */
export class HeldVolume {
  readonly mutex = new Mutex();
  readonly #files: Files;
  readonly #directory: string;
  readonly #onBytes: (bytes: number) => void;
  #tally: Tally | undefined;
  #temporaries = 0;
  #gone = false;
  readonly #arriving = new Set<AbortController>();

  /** @param onBytes told what the volume takes, whenever that changes */
  constructor(files: Files, directory: string, onBytes: (bytes: number) => void) {
    this.#files = files;
    this.#directory = directory;
    this.#onBytes = onBytes;
  }

  get root(): string {
    return join(this.#directory, HIERARCHY);
  }

  /** Being deleted, or deleted. */
  get gone(): boolean {
    return this.#gone;
  }

  /** Gives up the bodies that are arriving: the volume is deleted. */
  end(): void {
    this.#gone = true;
    for (const controller of this.#arriving) controller.abort();
  }

  /**
   * Work on a body, with a signal of its own: the caller's, or the end of the volume. `AbortSignal.any` would keep
   * something of every body for as long as there is the volume (Node 22.23).
   */
  async arriving<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    if (signal.aborted || this.#gone) controller.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#arriving.add(controller);
    try {
      return await work(controller.signal);
    } finally {
      this.#arriving.delete(controller);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Undefined until it is counted. */
  get counted(): Tally | undefined {
    return this.#tally;
  }

  /** Under `mutex`. */
  async count(): Promise<Tally> {
    if (this.#tally) return this.#tally;
    this.#tally = await tallyOf(this.#files, this.root);
    this.#onBytes(this.#tally.bytes);
    return this.#tally;
  }

  /** The next count looks at the files. */
  recount(): void {
    this.#tally = undefined;
  }

  /** A new file of this volume's file system; under `mutex`. */
  async temporary(): Promise<{ readonly path: string; readonly file: FileHandle }> {
    const directory = join(this.#directory, INCOMING);
    await this.#files.mkdir(directory, { recursive: true });
    for (;;) {
      const path = join(directory, String(this.#temporaries++));
      // one of a killed server may have the name, when nobody has swept yet
      const file = await unless(this.#files.open(path, 'wx+'), 'EEXIST');
      if (file) return { path, file };
    }
  }

  /** @throws ApiProblem `precondition-failed`, `invalid-key`; under `mutex` */
  async check(key: string, conditions: Preconditions): Promise<BigIntStats | undefined> {
    const stats = await unless(this.#files.stat(join(this.root, key), { bigint: true }), 'ENOENT', 'ENOTDIR');
    if (stats && !stats.isFile()) throw underValue(key);
    checkPreconditions(conditions, stats && etagOf(stats));
    return stats;
  }

  /**
   * Puts a value into its place, in one step; under `mutex`.
   *
   * @returns whether there was nothing before
   * @throws ApiProblem `precondition-failed`, `invalid-key`, `metadata-invalid`
   */
  async place(key: string, arrived: Arrived, conditions: Preconditions): Promise<boolean> {
    const tally = await this.count();
    const documents = changed(tally.documents, key, arrived.document);
    if (documents) layoutOf(documents);
    const old = await this.check(key, conditions);
    try {
      await this.#move(key, arrived.path, conditions.ifNoneMatch?.trim() === '*');
    } catch (error) {
      await this.#prune(key);
      throw error;
    }
    if (old) tally.count(key, Number(old.size), -1);
    tally.count(key, arrived.size);
    this.#changed(tally, documents !== undefined);
    return old === undefined;
  }

  /** Under `mutex`; what is not there is no error. */
  async remove(key: string): Promise<void> {
    const tally = await this.count();
    const path = join(this.root, key);
    const stats = await unless(this.#files.stat(path), 'ENOENT', 'ENOTDIR');
    if (!stats?.isFile()) return;
    await this.#files.unlink(path);
    await this.#prune(key);
    tally.count(key, stats.size, -1);
    this.#changed(tally, tally.documents.has(key));
  }

  #changed(tally: Tally, arrays: boolean): void {
    this.#onBytes(tally.bytes);
    if (arrays) this.recount();
  }

  /** @param first refuse to replace: a link is made by one of two writers only, whoever else writes here */
  async #move(key: string, from: string, first: boolean): Promise<void> {
    const to = join(this.root, key);
    try {
      await this.#files.mkdir(dirname(to), { recursive: true });
    } catch (error) {
      throw ['ENOTDIR', 'EEXIST'].includes(codeOf(error)) ? underValue(key) : error;
    }
    try {
      await (first ? this.#files.link(from, to) : this.#files.rename(from, to));
    } catch (error) {
      if (codeOf(error) === 'EEXIST' && first) throw alreadyThere();
      throw error;
    }
  }

  /** Directories that hold nothing would keep their names from being keys. */
  async #prune(key: string): Promise<void> {
    for (let at = dirname(key); at !== '.'; at = dirname(at)) {
      try {
        await this.#files.rmdir(join(this.root, at));
      } catch (error) {
        if (['ENOENT', 'ENOTDIR'].includes(codeOf(error))) continue;
        if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return;
        throw error;
      }
    }
  }
}

/** The documents with one set or taken out; undefined when that changes nothing. */
function changed(
  documents: ReadonlyMap<string, unknown>,
  key: string,
  document: Record<string, unknown> | undefined,
): ReadonlyMap<string, unknown> | undefined {
  if (JSON.stringify(documents.get(key)) === JSON.stringify(document)) return undefined;
  const others = [...documents].filter(([other]) => other !== key);
  return new Map(document === undefined ? others : [...others, [key, document]]);
}

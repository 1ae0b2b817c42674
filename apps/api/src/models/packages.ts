import * as promises from 'node:fs/promises';
import { join } from 'node:path';
import { isModelError, readModelPackage, type ModelPackage } from '@tokenunify/model';
import { ApiProblem } from '../problem.ts';
import { unless } from '../volumes/files.ts';
import { withoutRemedy } from './problems.ts';

/** What the store asks of the file system; tests put a full disk in its place. */
export type PackageFiles = Pick<
  typeof promises,
  'cp' | 'mkdir' | 'open' | 'readdir' | 'rename' | 'rm' | 'stat'
>;

type Named = Pick<ModelPackage, 'name' | 'version'> & { readonly digest: string };

const PREFIX = 'sha256:';

/**
 * Packages in a directory: `packages/<64 hex>/`, which appear complete by one rename and never change, and
 * `uploads/<id>/`, which is on its way and swept when a server starts.
 */
export class PackageDirectory {
  readonly #root: string;
  readonly #files: PackageFiles;
  readonly #id: () => string;

  /** @param id a new name each time, for what is on its way */
  constructor(root: string, id: () => string, files: PackageFiles = promises) {
    this.#root = root;
    this.#id = id;
    this.#files = files;
  }

  /** Where the package of a digest lies, or would. */
  pathOf(digest: string): string {
    return join(this.#root, 'packages', digest.slice(PREFIX.length));
  }

  async has(digest: string): Promise<boolean> {
    return (await unless(this.#files.stat(this.pathOf(digest)), 'ENOENT')) !== undefined;
  }

  /** Removes what was on its way when a server ended, and packages that `known` says no to. */
  async sweep(known: (digest: string) => boolean): Promise<void> {
    await this.#files.rm(join(this.#root, 'uploads'), { recursive: true, force: true });
    const packages = join(this.#root, 'packages');
    for (const name of (await unless(this.#files.readdir(packages), 'ENOENT')) ?? [])
      if (!known(PREFIX + name)) await this.#files.rm(join(packages, name), { recursive: true, force: true });
  }

  /** A directory of its own for the work, and nothing of it afterwards. */
  async staged<T>(work: (directory: string) => Promise<T>): Promise<T> {
    const directory = join(this.#root, 'uploads', this.#id());
    try {
      await this.#files.mkdir(directory, { recursive: true });
      return await work(directory);
    } finally {
      await this.#files.rm(directory, { recursive: true, force: true });
    }
  }

  copy(from: string, to: string): Promise<void> {
    return this.#files.cp(from, to, { recursive: true, dereference: true });
  }

  /** Moves a package that was verified into place; what is damaged there makes room. */
  async place(from: string, digest: string): Promise<void> {
    const target = this.pathOf(digest);
    await this.#files.mkdir(join(this.#root, 'packages'), { recursive: true });
    if (await this.has(digest)) await this.remove(digest);
    await this.#files.rename(from, target);
    await this.#flush(join(this.#root, 'packages'));
  }

  /** From one moment to the next there is nothing at the digest's path; then the files go. */
  async remove(digest: string): Promise<void> {
    await this.staged(async (directory) => {
      await unless(this.#files.rename(this.pathOf(digest), join(directory, 'removed')), 'ENOENT');
    });
  }

  /** Bytes of each file that the package names, and of rdf.yaml. */
  async sizes({ dir, files }: ModelPackage): Promise<Record<string, number>> {
    const names = ['rdf.yaml', ...Object.keys(files)];
    const stats = await Promise.all(names.map((name) => this.#files.stat(join(dir, name))));
    return Object.fromEntries(names.map((name, i) => [name, stats[i]?.size ?? 0]));
  }

  /**
   * The package of a digest, every byte of it verified.
   *
   * @throws ApiProblem `inference-failed` with the remedy when it is damaged
   */
  async read({ name, version, digest }: Named): Promise<ModelPackage> {
    const damaged = (why: string, cause?: unknown) =>
      new ApiProblem(
        'inference-failed',
        `The package of ${name} ${version} (${digest}) is damaged on the server's disk: ${withoutRemedy(why)}; upload the same package again with POST /v1/models, which repairs it, or start the server with --model and its directory.`,
        { field: 'model', value: digest, cause },
      );
    const path = this.pathOf(digest);
    try {
      const found = await readModelPackage(path);
      if (found.digest === digest) return found;
      throw damaged(`its rdf.yaml has the digest ${found.digest}`);
    } catch (error) {
      if (!isModelError(error, 'model/package')) throw error;
      throw damaged(error.message.replaceAll(path, 'the package').replaceAll(/the package\//g, ''), error);
    }
  }

  /** A directory's new entry outlives a loss of power only when the directory was flushed. */
  async #flush(directory: string): Promise<void> {
    const handle = await this.#files.open(directory);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

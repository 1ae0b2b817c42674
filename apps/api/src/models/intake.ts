import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readModelPackage, unpackModelPackage, type ModelPackage } from '@tokenunify/model';
import type { ModelLimits } from '../limits.ts';
import { ApiProblem } from '../problem.ts';
import { Mutex } from '../volumes/mutex.ts';
import { writeArchive } from './archive.ts';
import type { Catalog } from './catalog.ts';
import { inWordsOfUploads } from './intake-problems.ts';
import type { PackageDirectory } from './packages.ts';
import { versionTaken } from './problems.ts';
import type { ModelRow } from './rows.ts';
import type { Start } from './running.ts';

export interface IntakeOptions {
  readonly catalog: Catalog;
  readonly directory: PackageDirectory;
  readonly start: Start;
  readonly limits: Pick<ModelLimits, 'maxBytes' | 'testMs'>;
  /** Runs what changes versions, one after the other. */
  readonly changes: Mutex;
  readonly now: () => number;
}

export interface Taken {
  readonly row: ModelRow;
  readonly created: boolean;
}

/** How packages come in: complete, verified and tested, or not at all. */
export class Intake {
  readonly #options: IntakeOptions;
  /** One process more than the loaded ones at a time, and the same package twice is one package. */
  readonly #tests = new Mutex();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** @param archive a zip, as it arrives */
  upload(
    archive: ReadableStream<Uint8Array>,
    { length, signal }: { readonly length?: number | undefined; readonly signal: AbortSignal },
  ): Promise<Taken> {
    const { directory, limits } = this.#options;
    const { maxBytes } = limits;
    return directory.staged(async (staging) => {
      const [zip, unpacked] = [join(staging, 'archive.zip'), join(staging, 'package')];
      try {
        await writeArchive(archive, zip, { length, maxBytes });
        await unpackModelPackage(zip, unpacked, { maxBytes, signal });
        await rm(zip);
        return await this.#accept(unpacked, signal);
      } catch (error) {
        throw inWordsOfUploads(error, { zip, unpacked, maxBytes });
      }
    });
  }

  /**
   * Takes in a package of this machine's own.
   *
   * @throws as `upload`; ModelError for a directory that is no package
   */
  async copy(from: string, signal: AbortSignal): Promise<Taken> {
    const { digest } = await readModelPackage(from);
    const there = await this.#intact(digest);
    if (there) return { row: there, created: false };
    return this.#options.directory.staged(async (staging) => {
      const copied = join(staging, 'package');
      await this.#options.directory.copy(from, copied);
      return this.#accept(copied, signal);
    });
  }

  async #accept(dir: string, signal: AbortSignal): Promise<Taken> {
    const model = await readModelPackage(dir);
    await this.#checkFiles(model);
    return this.#tests.run(async () => {
      signal.throwIfAborted();
      const there = await this.#intact(model.digest);
      if (there?.state === 'ready') return { row: there, created: false };
      const other = this.#options.catalog.rows.version(model.name, model.version);
      if (other !== undefined && other.digest !== model.digest) throw versionTaken(model, other);
      await this.#test(model, signal);
      return this.#options.changes.run(() => this.#place(model));
    });
  }

  /** The row of a package whose files are all there and whole. */
  async #intact(digest: string): Promise<ModelRow | undefined> {
    const { catalog, directory } = this.#options;
    const row = catalog.rows.get(digest);
    if (row === undefined || row.bytes === 0) return undefined;
    return directory.read(row).then(
      () => row,
      () => undefined,
    );
  }

  /** Nothing comes in that nothing verifies. */
  async #checkFiles({ dir, files }: ModelPackage): Promise<void> {
    const stranger = (await readdir(dir)).find((name) => name !== 'rdf.yaml' && !(name in files));
    if (stranger === undefined) return;
    throw new ApiProblem(
      'package-invalid',
      `The package has a file ${stranger.slice(0, 80)}, which its rdf.yaml does not name; leave it out.`,
      { field: 'body', value: stranger.slice(0, 80) },
    );
  }

  async #test(model: ModelPackage, signal: AbortSignal): Promise<void> {
    const { start, limits } = this.#options;
    const late = AbortSignal.timeout(limits.testMs);
    try {
      const running = await start(model, AbortSignal.any([signal, late]));
      await running.close();
    } catch (error) {
      if (!late.aborted || signal.aborted) throw error;
      throw new ApiProblem(
        'model-failed-test',
        `${model.name} ${model.version} did not answer its test tile within ${limits.testMs / 1000} s; export a smaller model or smaller tiles, or use a faster server.`,
        { field: 'body', limit: limits.testMs / 1000, cause: error },
      );
    }
  }

  async #place(model: ModelPackage): Promise<Taken> {
    const { catalog, directory, now } = this.#options;
    const { rows } = catalog;
    const { digest } = model;
    const known = rows.get(digest) !== undefined;
    const sizes = await directory.sizes(model);
    // a retired one keeps its files: to replace them would be a moment without them
    if (!(await this.#intact(digest))) await directory.place(model.dir, digest);
    try {
      if (known) rows.restore(digest, sizes);
      else rows.insert(model, sizes, now());
    } catch (error) {
      if (!known) await directory.remove(digest);
      throw error;
    }
    return { row: catalog.find(digest), created: !known };
  }
}

import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { MODEL_DIGEST } from '../contract/index.ts';
import { newId } from '../ids.ts';
import type { ModelLimits } from '../limits.ts';
import { checkCursor } from '../parameters.ts';
import { isApiProblem } from '../problem.ts';
import { Mutex } from '../volumes/mutex.ts';
import { AliasChanges, hasWork } from './alias-changes.ts';
import { Catalog, isAlias } from './catalog.ts';
import { Intake } from './intake.ts';
import { modelJson } from './json.ts';
import { LoadedVersions } from './loaded.ts';
import { recover, register } from './opening.ts';
import { PackageDirectory, type PackageFiles } from './packages.ts';
import { hasAlias, hasJob, noFile, notRetired, stillHeld } from './problems.ts';
import type { ModelRow } from './rows.ts';
import type { Start } from './running.ts';
import { startLimited } from './start-limited.ts';
import type {
  Alias,
  Chosen,
  DeploymentJson,
  Lease,
  ModelRegistry,
  ModelVersionJson,
  ModelVersionPage,
} from './types.ts';

export interface RegistryOptions {
  readonly db: DatabaseSync;
  /** Of packages; made when there is something to put there. */
  readonly directory: string;
  readonly start: Start;
  readonly limits: ModelLimits;
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Calls `work` after so many milliseconds, unless what it returns is called before. */
  readonly after: (ms: number, work: () => void) => () => void;
  /** For tests: a full disk. */
  readonly files?: PackageFiles;
}

const DEFAULT_PAGE = 100;
const never = new AbortController().signal;

/** The versions of one machine: packages in a directory, what is said of them in SQLite, processes for those at work. */
export class LocalModelRegistry implements ModelRegistry {
  readonly #now: () => number;
  readonly #directory: PackageDirectory;
  readonly #catalog: Catalog;
  readonly #loaded: LoadedVersions;
  readonly #intake: Intake;
  readonly #aliases: AliasChanges;
  readonly #changes = new Mutex();
  #ready = true;

  constructor(options: RegistryOptions) {
    const { db, directory, now, random, limits, after, start, files } = options;
    this.#now = now;
    this.#directory = new PackageDirectory(directory, () => newId('upl', now(), random), files);
    const [packages, changes] = [this.#directory, this.#changes];
    const catalog = (this.#catalog = new Catalog(db, (digest) => packages.pathOf(digest)));
    const loaded = (this.#loaded = new LoadedVersions({
      start: startLimited(packages, start, limits.testMs),
      limit: limits.loaded,
      idleMs: limits.idleMs,
      kept: (digest) => this.#kept(digest),
      after,
    }));
    this.#intake = new Intake({ catalog, directory: packages, start, limits, changes, now });
    this.#aliases = new AliasChanges({ catalog, loaded, changes, now });
  }

  get ready(): boolean {
    return this.#ready;
  }

  /** Whether the champion is loaded; false after a start with one that does not load. */
  get serving(): boolean {
    return this.#loaded.isLoaded(this.#catalog.champion().digest);
  }

  /**
   * Sweeps what a killed server left, takes in packages of this machine, and loads the champion: the first of them when
   * there is none yet.
   *
   * @param models directories of packages
   * @returns what whoever starts the server should know, a sentence each
   * @throws ModelError a directory that is no package, a model that does not run; ApiProblem
   */
  async open(models: readonly string[]): Promise<string[]> {
    const { deployments } = this.#catalog;
    const options = {
      catalog: this.#catalog,
      directory: this.#directory,
      intake: this.#intake,
      now: this.#now,
    };
    await recover(options);
    const notices: (string | undefined)[] = [];
    for (const model of models) notices.push(await register(model, options));
    // one that does not load is mended by an upload, a promotion or a roll back, which need a server
    await this.#load('champion').catch((error: unknown) => {
      if (!isApiProblem(error) || error.code !== 'inference-failed') throw error;
      notices.push(`The champion is not loaded, and /readyz says so until one is: ${error.message}`);
    });
    if (hasWork(deployments.traffic()) && this.#catalog.challenger())
      await this.#load('challenger').catch(
        (error: unknown) => void notices.push(`The challenger is not loaded: ${String(error)}`),
      );
    return notices.filter((notice) => notice !== undefined);
  }

  async upload(...[archive, options]: Parameters<ModelRegistry['upload']>) {
    const { row, created } = await this.#intake.upload(archive, options);
    // whose package was damaged, and is repaired by this
    if (row.digest === this.#catalog.champion().digest && !this.serving)
      await this.#load('champion').catch(() => {}); // what asks for it hears why
    return { model: this.#json(row), created };
  }

  list({ limit = DEFAULT_PAGE, cursor, state }: Parameters<ModelRegistry['list']>[0]): ModelVersionPage {
    checkCursor(cursor, MODEL_DIGEST);
    const found = this.#catalog.rows.page(limit + 1, cursor, state);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return {
      items: items.map((row) => this.#json(row)),
      ...(found.length > limit && last && { next: last.digest }),
    };
  }

  get(reference: string): ModelVersionJson {
    return this.#json(this.#catalog.find(reference));
  }

  file(reference: string, name: string): ReturnType<ModelRegistry['file']> {
    const row = this.#catalog.find(reference);
    const file = this.#json(row).files.find((known) => known.name === name);
    if (file === undefined) throw noFile(row, name, row.bytes === 0);
    const { bytes, sha256 } = file;
    return { path: join(this.#directory.pathOf(row.digest), name), bytes, sha256 };
  }

  promote(...args: Parameters<ModelRegistry['promote']>): Promise<DeploymentJson> {
    return this.#aliases.promote(...args);
  }

  challenge(...args: Parameters<ModelRegistry['challenge']>): Promise<DeploymentJson> {
    return this.#aliases.challenge(...args);
  }

  rollBack(...args: Parameters<ModelRegistry['rollBack']>): Promise<DeploymentJson> {
    return this.#aliases.rollBack(...args);
  }

  change(...args: Parameters<ModelRegistry['change']>): Promise<DeploymentJson> {
    return this.#aliases.direct(...args);
  }

  retire(reference: string): Promise<ModelVersionJson> {
    return this.#changes.run(async () => {
      const row = this.#catalog.find(reference);
      const { digest } = row;
      const [alias] = this.#catalog.deployments.aliasesOf(digest);
      if (alias !== undefined) throw hasAlias(row, alias);
      const job = this.#catalog.rows.userOf(digest);
      if (job !== undefined) throw hasJob(row, job);
      this.#catalog.rows.retire(digest, this.#now());
      this.#loaded.drain(digest);
      return this.get(digest);
    });
  }

  delete(reference: string): Promise<void> {
    return this.#changes.run(async () => {
      const row = this.#catalog.find(reference);
      if (row.state !== 'retired') throw notRetired(row);
      if (this.#loaded.isHeld(row.digest)) throw stillHeld(row);
      await this.#directory.remove(row.digest);
      this.#catalog.rows.emptied(row.digest);
    });
  }

  deployment(): DeploymentJson {
    return this.#catalog.deployment();
  }

  comparisons(page: Parameters<ModelRegistry['comparisons']>[0]): ReturnType<ModelRegistry['comparisons']> {
    return this.#catalog.comparisons.page(page);
  }

  resolve(reference: string): Chosen {
    const row = this.#catalog.findReady(reference, 'unknown-model');
    return { package: this.#catalog.packageOf(row), ...(isAlias(reference) && { alias: reference }) };
  }

  choose(random: () => number): Chosen {
    const { canaryPercent } = this.#catalog.deployments.traffic();
    return this.#challenger(canaryPercent, random) ?? this.resolve('champion');
  }

  shadow(random: () => number): Chosen | undefined {
    return this.#challenger(this.#catalog.deployments.traffic().shadowPercent, random);
  }

  async acquire(reference: string, signal: AbortSignal): Promise<Lease> {
    return this.#loaded.acquire(this.resolve(reference).package, signal);
  }

  /** `/v1/segment` is served no more; jobs go on until it is closed. */
  drain(): void {
    this.#ready = false;
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    this.#ready = false;
    await this.#loaded.close();
  }

  async #load(alias: Alias): Promise<void> {
    (await this.acquire(alias, never)).release();
  }

  #challenger(percent: number, random: () => number): Chosen | undefined {
    const taken = this.#catalog.challenger() !== undefined && random() * 100 < percent;
    return taken ? this.resolve('challenger') : undefined;
  }

  #kept(digest: string): 'always' | 'if-there-is-room' | undefined {
    const { deployments } = this.#catalog;
    if (digest === deployments.digestOf('champion')) return 'always';
    const challenger = digest === deployments.digestOf('challenger');
    return challenger && hasWork(deployments.traffic()) ? 'if-there-is-room' : undefined;
  }

  #json(row: ModelRow): ModelVersionJson {
    const { digest } = row;
    return modelJson(row, this.#catalog.deployments.aliasesOf(digest), this.#loaded.isRunning(digest));
  }
}

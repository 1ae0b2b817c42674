import {
  readModelPackage,
  startInference,
  type InferenceProcess,
  type ModelPackage,
} from '@tokenunify/model';
import type { Chosen } from './models/types.ts';
import { ApiProblem } from './problem.ts';
import type { JobModels } from './segmentations/index.ts';

export interface ModelPoolOptions {
  readonly threads?: number;
  /** Lower priority of the inference processes, so that requests are answered first. */
  readonly niceness?: number;
}

/** Model packages, each with one inference process, which starts when it is first needed and ends with the pool. */
export class ModelPool implements JobModels {
  readonly #models: readonly Entry[];

  private constructor(models: readonly Entry[]) {
    this.#models = models;
  }

  /**
   * @param directories of model packages, the default first
   * @throws ModelError a package that cannot be read
   */
  static async open(directories: readonly string[], options: ModelPoolOptions): Promise<ModelPool> {
    const packages = await Promise.all(directories.map((directory) => readModelPackage(directory)));
    return new ModelPool(packages.map((found) => new Entry(found, options)));
  }

  get default(): Entry {
    const [first] = this.#models;
    if (first === undefined) throw new Error('A server needs at least one model.');
    return first;
  }

  choose(): Chosen {
    return { package: this.default.package, alias: 'champion' };
  }

  shadow(): undefined {}

  resolve(reference: string): Chosen {
    if (reference === 'champion') return this.choose();
    return { package: this.#find(reference).package };
  }

  async acquire(reference: string): Promise<{ readonly inference: InferenceProcess; release(): void }> {
    return { inference: await this.#find(reference).inference(), release: () => {} };
  }

  #find(reference: string): Entry {
    const found = this.#models.find(
      ({ package: { name, digest } }) => name === reference || digest === reference,
    );
    if (found) return found;
    const names = this.#models.map(({ package: { name, digest } }) => `${name} (${digest})`);
    throw new ApiProblem(
      'unknown-model',
      `There is no model ${reference.slice(0, 80)}; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}.`,
      { value: reference.slice(0, 80), limit: names },
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#models.map((model) => model.close()));
  }
}

class Entry {
  readonly package: ModelPackage;
  readonly #options: ModelPoolOptions;
  #process: Promise<InferenceProcess> | undefined;

  constructor(found: ModelPackage, options: ModelPoolOptions) {
    this.package = found;
    this.#options = options;
  }

  inference(): Promise<InferenceProcess> {
    const starting = (this.#process ??= startInference(this.package, this.#options));
    // one that did not start may start the next time
    starting.catch(() => {
      if (this.#process === starting) this.#process = undefined;
    });
    return starting;
  }

  async close(): Promise<void> {
    await this.#process?.then(
      (process) => process.close(),
      () => {},
    );
  }
}

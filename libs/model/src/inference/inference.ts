import { availableParallelism } from 'node:os';
import { ModelError } from '../errors.ts';
import type { ModelPackage, Vec3 } from '../package/types.ts';
import { ModelProcess } from './process.ts';
import { following } from './following.ts';
import type { ChildOptions } from './protocol.ts';
import { Turns } from './turns.ts';

export interface InferenceOptions {
  /** Threads of one run; default: the machine's. Affinities are bit-identical only at the same number. */
  readonly threads?: number;
  /** Tiles in one run, default 1. On a CPU a larger one costs memory and wins little. */
  readonly batchSize?: number;
  /** Gives way to other processes, 0 (default) to 19: a server answers while its model works. */
  readonly niceness?: number;
  /** Ends the start; a started process is ended by `close`. */
  readonly signal?: AbortSignal;
}

/** What predicts affinities; an `AffinityPredictor` of @tokenunify/segmentation by its shape. */
export interface InferenceProcess extends AsyncDisposable {
  readonly tileShape: Vec3;
  readonly batchSize: number;
  readonly threads: number;
  readonly channels: 3;
  /** False from a crash until the next `predict`, and after `close`. */
  readonly alive: boolean;
  /** Of the child; undefined while there is none. */
  readonly pid: number | undefined;
  /**
   * @param tiles float32 [count, 1, z, y, x], scaled to [0, 1]
   * @returns float32 [count, 3, z, y, x] in [0, 1]
   * @throws ModelError `model/inference` with `details.reason`: `crashed` (a new process is started by the next
   *   call), `not-finite`, `output-shape`, `run`, `closed`, `arguments`; the signal's reason as soon as it aborts,
   *   while a run that has begun ends unheard
   */
  predict(
    tiles: Float32Array,
    count: number,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Float32Array>;
  close(): Promise<void>;
}

/** What `startInference` reads of a package. */
export type InferenceModel = Pick<ModelPackage, 'modelPath' | 'tileShape' | 'outputChannels'>;

/**
 * Starts one child process which runs the package's model with ONNX Runtime on the CPU. It ends with its parent,
 * however the parent ends.
 *
 * @throws ModelError `model/inference` when the model cannot be loaded, or does not give [N, 3, z, y, x] in [0, 1]
 * @example
 *     await using inference = await startInference(await readModelPackage('models/default'));
 *     const affinities = await inference.predict(tile, 1); // Float32Array [1, 3, z, y, x]
 */
export async function startInference(
  model: InferenceModel,
  options: InferenceOptions = {},
): Promise<InferenceProcess> {
  const child: ChildOptions = {
    modelPath: model.modelPath,
    tileShape: model.tileShape,
    channels: model.outputChannels,
    batchSize: positive('batchSize', options.batchSize ?? 1),
    threads: positive('threads', options.threads ?? availableParallelism()),
    niceness: within('niceness', options.niceness ?? 0, 0, 19),
  };
  return new InferenceClient(model.tileShape, child, await ModelProcess.start(child, options.signal));
}

class InferenceClient implements InferenceProcess {
  readonly channels = 3;
  readonly tileShape: Vec3;
  readonly #options: ChildOptions;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  #process: ModelProcess;

  constructor(tileShape: Vec3, options: ChildOptions, process: ModelProcess) {
    this.tileShape = tileShape;
    this.#options = options;
    this.#process = process;
  }

  get batchSize(): number {
    return this.#options.batchSize;
  }

  get threads(): number {
    return this.#options.threads;
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  get pid(): number | undefined {
    return this.alive ? this.#process.pid : undefined;
  }

  async predict(
    tiles: Float32Array,
    count: number,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Float32Array> {
    const voxels = this.tileShape.reduce((a, b) => a * b, 1);
    if (!Number.isInteger(count) || count < 1 || tiles.length < count * voxels) {
      throw new ModelError(
        'model/inference',
        `predict was given ${tiles.length} values for ${count} tiles of ${this.tileShape.join(' x ')}; pass ${voxels} values a tile.`,
        { details: { reason: 'arguments' } },
      );
    }
    const signals = [this.#closing.signal, ...(options.signal ? [options.signal] : [])];
    return following(signals, (signal) => this.#predict(tiles, count, voxels, signal));
  }

  async #predict(
    tiles: Float32Array,
    count: number,
    voxels: number,
    signal: AbortSignal,
  ): Promise<Float32Array> {
    const result = new Float32Array(count * this.channels * voxels);
    for (let first = 0; first < count; first += this.batchSize) {
      const size = Math.min(this.batchSize, count - first);
      // slice, not subarray: structured clone would send the whole buffer behind a view.
      const batch = tiles.slice(first * voxels, (first + size) * voxels);
      const affinities = await this.#turns.take(async () => (await this.#running()).run(batch, size), signal);
      result.set(affinities, first * this.channels * voxels);
    }
    return result;
  }

  async close(): Promise<void> {
    const reason = closed();
    this.#closing.abort(reason);
    await this.#process.close(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The living process, or a new one in the place of one that crashed. */
  async #running(): Promise<ModelProcess> {
    if (this.#process.alive) return this.#process;
    this.#process = await ModelProcess.start(this.#options, this.#closing.signal);
    return this.#process;
  }
}

const closed = (): ModelError =>
  new ModelError('model/inference', 'The inference process was closed; start another with startInference.', {
    details: { reason: 'closed' },
  });

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new ModelError('model/inference', `Option ${name} is ${value}; pass a whole number of at least 1.`, {
    details: { reason: 'arguments', option: name },
  });
}

function within(name: string, value: number, low: number, high: number): number {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new ModelError(
    'model/inference',
    `Option ${name} is ${value}; pass a whole number from ${low} to ${high}.`,
    { details: { reason: 'arguments', option: name } },
  );
}

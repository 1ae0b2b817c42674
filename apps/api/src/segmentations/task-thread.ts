import { Worker } from 'node:worker_threads';
import type { InferenceProcess } from '@tokenunify/model';
import { isModelError } from '@tokenunify/model';
import type { Task } from '@tokenunify/segmentation';
import { ApiProblem } from '../problem.ts';
import { problemOf } from '../segmenter/carried-problem.ts';
import { Carried, fromModel } from '../segmenter/carry.ts';
import type { FromTaskThread, TaskFailure, ThreadJob, ToTaskThread } from './task-protocol.ts';

export type Predictor = Pick<InferenceProcess, 'predict' | 'batchSize'>;

export interface TaskThreadOptions {
  readonly job: ThreadJob;
  /** Undefined when the model of the job is not here; only tiles need it. */
  readonly predictor: Predictor | undefined;
  /** A task that does not look at its signal for so long is ended together with its thread. Default 5000. */
  readonly patienceMs?: number;
  /** For tests: the module that the thread runs. */
  readonly script?: URL;
}

const PATIENCE_MS = 5_000;
/** An inference process that dies is replaced by the next call; one that dies again has a reason. */
const MOST_CRASHES = 2;

/** One thread of a job, one task at a time. A thread that died is replaced by the next task. */
export class TaskThread {
  readonly #options: TaskThreadOptions;
  #worker: Worker | undefined;
  #current: Current | undefined;

  constructor(options: TaskThreadOptions) {
    this.#options = options;
  }

  /** Resolves when the task is done; after an abort it rejects only when the thread has let go of the task. */
  run(task: Task, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { patienceMs = PATIENCE_MS } = this.#options;
    const worker = (this.#worker ??= this.#start());
    return new Promise<void>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const onAbort = () => {
        post(worker, { type: 'abort' });
        timer = setTimeout(() => void worker.terminate(), patienceMs);
      };
      const settle = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#current = undefined;
      };
      this.#current = {
        signal,
        resolve: () => (settle(), resolve()),
        reject: (error) => (settle(), reject(signal.aborted ? signal.reason : error)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      post(worker, { type: 'task', task });
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const { job, script = new URL('./task-worker.ts', import.meta.url) } = this.#options;
    const worker = new Worker(script, { workerData: job });
    const end = (cause: Error) => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#current?.reject(
        new ApiProblem(
          'segmentation-failed',
          'A thread of the job ended, most likely for want of memory; give smaller cells or the server more memory, and resume the job.',
          { cause },
        ),
      );
    };
    worker.on('message', (message: FromTaskThread) => this.#receive(worker, message));
    worker.on('error', end);
    worker.on('exit', () => end(new Error('the thread ended')));
    return worker;
  }

  #receive(worker: Worker, message: FromTaskThread): void {
    const current = this.#current;
    if (message.type === 'predict') return void this.#predict(worker, message, current?.signal);
    if (message.type === 'done') return current?.resolve();
    current?.reject(errorOf(message.error));
  }

  async #predict(
    worker: Worker,
    { call, tiles, count }: Extract<FromTaskThread, { type: 'predict' }>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    try {
      const affinities = await this.#predictThrough(tiles, count, signal);
      post(worker, { type: 'predicted', call, affinities }, [affinities.buffer as ArrayBuffer]); // ours alone
    } catch (error) {
      post(worker, { type: 'unpredicted', call, error: fromModel(error) });
    }
  }

  async #predictThrough(tiles: Float32Array, count: number, signal?: AbortSignal): Promise<Float32Array> {
    const { predictor } = this.#options;
    if (predictor === undefined) throw new Error('the model is not loaded'); // a job without its model is not started
    for (let crashes = 0; ; crashes++) {
      try {
        return await predictor.predict(tiles, count, signal && { signal });
      } catch (error) {
        const crashed = isModelError(error) && error.details['reason'] === 'crashed';
        if (!crashed || crashes >= MOST_CRASHES) throw error;
      }
    }
  }
}

interface Current {
  readonly signal: AbortSignal;
  resolve(): void;
  reject(error: unknown): void;
}

function errorOf(failure: TaskFailure): Error {
  if (failure.problem !== undefined)
    return new ApiProblem(failure.problem, failure.message, { cause: new Carried(failure) });
  return problemOf(failure);
}

function post(worker: Worker, message: ToTaskThread, transfer: readonly ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}

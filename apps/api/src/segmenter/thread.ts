import { Worker } from 'node:worker_threads';
import type { InferenceProcess } from '@tokenunify/model';
import { ApiProblem } from '../problem.ts';
import { problemOf } from './carried-problem.ts';
import { fromModel } from './carry.ts';
import type { FromWorker, ToWorker, WorkerModel } from './protocol.ts';
import type { SegmentRequest, SegmentResult } from './types.ts';

/** A stage that does not look at its signal for so long is ended together with its thread. */
const TERMINATE_AFTER_MS = 1_000;

/**
 * One thread that segments, one volume at a time. Post-processing is long synchronous work and would hold up every
 * other request; tiles come back to this thread, which passes them to the one inference process.
 */
export class SegmentThread {
  readonly #worker: Worker;
  readonly #inference: Pick<InferenceProcess, 'predict'>;
  #dead = false;
  #job: Job | undefined;

  constructor(model: WorkerModel, inference: Pick<InferenceProcess, 'predict'>, script: URL) {
    this.#inference = inference;
    this.#worker = new Worker(script, { workerData: model });
    this.#worker.on('message', (message: FromWorker) => this.#receive(message));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the thread ended')));
    // An idle thread does not keep the process alive; one at work does, through the request it works for.
    this.#worker.unref();
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Resolves or rejects when the thread is free again, or dead. */
  segment({ raw, ...options }: SegmentRequest, signal: AbortSignal): Promise<SegmentResult> {
    return new Promise<SegmentResult>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const onAbort = () => {
        this.#post({ type: 'abort' });
        timer = setTimeout(() => void this.#worker.terminate(), TERMINATE_AFTER_MS);
      };
      const settle = <T>(how: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', onAbort);
          this.#job = undefined;
          how(value);
        };
      };
      this.#job = { signal, resolve: settle(resolve), reject: settle(reject) };
      signal.addEventListener('abort', onAbort, { once: true });
      const { dtype, shape, data } = raw;
      // The array may be a view of the request's body, whose buffer nobody else uses any more.
      this.#post({ type: 'segment', raw: { dtype, shape, data }, options }, [data.buffer as ArrayBuffer]);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #receive(message: FromWorker): void {
    const job = this.#job;
    if (message.type === 'predict') {
      this.#predict(message.call, message.tiles, message.count, job?.signal);
      return;
    }
    if (message.type === 'done') return job?.resolve(message.result);
    job?.reject(job.signal.aborted ? job.signal.reason : problemOf(message.error));
  }

  #predict(call: number, tiles: Float32Array, count: number, signal: AbortSignal | undefined): void {
    this.#inference.predict(tiles, count, signal && { signal }).then(
      (affinities) => this.#post({ type: 'predicted', call, affinities }, [affinities.buffer as ArrayBuffer]),
      (error: unknown) => this.#post({ type: 'unpredicted', call, error: fromModel(error) }),
    );
  }

  #end(cause: Error): void {
    this.#dead = true;
    const job = this.#job;
    if (job === undefined) return;
    job.reject(
      job.signal.aborted
        ? job.signal.reason
        : new ApiProblem(
            'segmentation-failed',
            'The thread that segmented this volume ended, most likely for want of memory; send a smaller volume or give the server more memory.',
            { cause },
          ),
    );
  }
}

interface Job {
  readonly signal: AbortSignal;
  resolve(result: SegmentResult): void;
  reject(error: unknown): void;
}

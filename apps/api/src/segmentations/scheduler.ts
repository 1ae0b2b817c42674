import type { RequestLog } from '../observe.ts';
import type { ApiProblem } from '../problem.ts';
import { isOutOfSpace } from '../unforeseen.ts';
import { PROBLEMS, problemType } from '../contract/index.ts';
import type { Feed } from './feed.ts';
import type { Failure, JobRecord, Progress, Result } from './record.ts';
import type { Repository } from './repository.ts';

export interface SchedulerOptions {
  readonly repository: Repository;
  readonly feed: Feed;
  /** Jobs at once. */
  readonly concurrency: number;
  /** Does a job. Called again for one that was interrupted, it goes on. */
  readonly work: (
    job: JobRecord,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ) => Promise<Omit<Result, 'seconds'>>;
  /** Shows the result; doing so twice changes nothing. */
  readonly publish: (result: Omit<Result, 'seconds'>) => Promise<void>;
  readonly toProblem: (error: unknown) => ApiProblem;
  /** Told of jobs that failed, with what was thrown. */
  readonly log?: (entry: Pick<RequestLog, 'error'> & { readonly segmentation: string }) => void;
  readonly background?: Background;
  readonly now: () => number;
  /** Resolves after so many milliseconds, or when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** What has the place of a job only while nobody else wants it. */
export interface Background {
  readonly busy: boolean;
  /** Lets go of its place, and calls `wake` then. */
  interrupt(): void;
  /** No job waits or runs. */
  idle(): void;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
  finishing: boolean;
}

/** Progress is stored, and told, at most so often; a long stage is heard of at least every ten seconds. */
const LEAST_MS = 500;
const MOST_MS = 10_000;
const LEAST_FRACTION = 0.005;
const RECORD_AGAIN_MS = 1_000;

/** Runs queued jobs, the one that waits longest first. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #running = new Map<string, Running>();
  readonly #closing = new AbortController();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Starts what can be started; to be called whenever a job was queued. */
  wake(): void {
    const { repository, concurrency, background } = this.#options;
    while (!this.#closing.signal.aborted && this.#running.size < concurrency) {
      const job = repository.next();
      if (job === undefined) break;
      background?.interrupt();
      // two jobs would take the memory of two
      if (background?.busy && this.#running.size + 1 >= concurrency) return;
      if (!repository.enter(job.id, ['queued'], 'running')) return;
      this.#options.feed.notify(job.id);
      const abort = new AbortController();
      const done = this.#run(job, abort.signal).finally(() => {
        this.#running.delete(job.id);
        this.wake();
      });
      this.#running.set(job.id, { abort, done, finishing: false });
    }
    if (this.isIdle()) background?.idle();
  }

  /** Whether no job waits or runs. */
  isIdle(): boolean {
    if (this.#closing.signal.aborted || this.#running.size > 0) return false;
    return this.#options.repository.next() === undefined;
  }

  /** Resolves when a run that was stopped has let go, or one that publishes its result has; stops nothing. */
  async settled(id: string): Promise<void> {
    const running = this.#running.get(id);
    if (running?.abort.signal.aborted || running?.finishing) await running.done;
  }

  /** Stops a job's work, and resolves when nothing of it goes on. Its state is the caller's part. */
  async stop(id: string): Promise<void> {
    const running = this.#running.get(id);
    running?.abort.abort(new DOMException('The job was stopped.', 'AbortError'));
    await running?.done;
  }

  /** Takes no more jobs; those that run are put back into the queue, where the next start finds them. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)));
    try {
      this.#options.repository.requeueInterrupted('stopped');
    } catch (error) {
      if (!isOutOfSpace(error)) throw error; // the next start does it first of all
    }
  }

  async #run(job: JobRecord, signal: AbortSignal): Promise<void> {
    const { repository, feed, now, work, publish, log } = this.#options;
    const began = now();
    let end: () => void;
    try {
      const result = await work(job, this.#teller(job.id), signal);
      signal.throwIfAborted();
      // From here on it cannot be canceled: a result is shown with the state that goes with it, or not at all.
      const running = this.#running.get(job.id);
      if (running) running.finishing = true;
      await publish(result);
      const seconds = (job.workedMs + now() - began) / 1000;
      end = () => repository.enter(job.id, ['running'], 'succeeded', { result: { ...result, seconds } });
    } catch (error) {
      // Who stopped it has said what it is now; if nobody has, it is not lost.
      if (signal.aborted) {
        end = () => {
          if (!this.#closing.signal.aborted) repository.enter(job.id, ['running'], 'queued');
        };
      } else {
        log?.({ segmentation: job.id, error });
        end = () => repository.enter(job.id, ['running'], 'failed', { error: this.#failureOf(error) });
      }
    }
    await this.#recorded(() => {
      end();
      repository.addWork(job.id, now() - began);
    });
    feed.notify(job.id);
  }

  /** A full disk has no room for the news that it is full either; until it has, the job counts as running. */
  async #recorded(write: () => void): Promise<void> {
    for (;;) {
      try {
        return write();
      } catch (error) {
        if (!isOutOfSpace(error)) throw error;
        await this.#options.sleep(RECORD_AGAIN_MS, this.#closing.signal);
        if (this.#closing.signal.aborted) return; // the next start finds the job running, and goes on with it
      }
    }
  }

  /** Stores progress, not every step of it. */
  #teller(id: string): (progress: Progress) => void {
    const { repository, feed, now } = this.#options;
    let told = -Infinity;
    let fraction = -1;
    return (progress) => {
      const since = now() - told;
      const moved = progress.fraction - fraction >= LEAST_FRACTION;
      if (progress.fraction < 1 && (since < LEAST_MS || (!moved && since < MOST_MS))) return;
      told = now();
      fraction = progress.fraction;
      try {
        repository.progress(id, progress);
      } catch (error) {
        // the work itself will meet the full disk, or get by without it
        if (!isOutOfSpace(error)) throw error;
      }
      feed.notify(id);
    };
  }

  #failureOf(error: unknown): Failure {
    const { code, message } = this.#options.toProblem(error);
    return { type: problemType(code), title: PROBLEMS[code][1], code, detail: message };
  }
}

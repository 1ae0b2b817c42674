import type { RequestLog } from '../observe.ts';
import { isApiProblem, type ApiProblem } from '../problem.ts';
import { isOutOfSpace, outOfSpace } from '../unforeseen.ts';
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
  readonly toProblem: (error: unknown) => ApiProblem;
  /** Told of jobs that failed, with what was thrown. */
  readonly log?: (entry: Pick<RequestLog, 'error'> & { readonly segmentation: string }) => void;
  readonly now: () => number;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/** Progress is stored, and told, at most so often; a long stage is heard of at least every ten seconds. */
const LEAST_MS = 500;
const MOST_MS = 10_000;
const LEAST_FRACTION = 0.005;

/** Runs queued jobs, the one that waits longest first. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #running = new Map<string, Running>();
  #stopped = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Starts what can be started; to be called whenever a job was queued. */
  wake(): void {
    const { repository, concurrency } = this.#options;
    while (!this.#stopped && this.#running.size < concurrency) {
      const job = repository.next();
      if (job === undefined || !repository.enter(job.id, ['queued'], 'running')) return;
      this.#options.feed.notify(job.id);
      const abort = new AbortController();
      const done = this.#run(job, abort.signal).finally(() => {
        this.#running.delete(job.id);
        this.wake();
      });
      this.#running.set(job.id, { abort, done });
    }
  }

  /** Stops a job's work, and resolves when nothing of it goes on. Its state is the caller's part. */
  async stop(id: string): Promise<void> {
    const running = this.#running.get(id);
    running?.abort.abort(new DOMException('The job was stopped.', 'AbortError'));
    await running?.done;
  }

  /** Takes no more jobs; those that run are put back into the queue, where the next start finds them. */
  async close(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id)));
    this.#options.repository.requeueInterrupted();
  }

  async #run(job: JobRecord, signal: AbortSignal): Promise<void> {
    const { repository, feed, now, work, log } = this.#options;
    const began = now();
    try {
      const result = await work(job, this.#teller(job.id), signal);
      const seconds = (job.workedMs + now() - began) / 1000;
      repository.enter(job.id, ['running'], 'succeeded', { result: { ...result, seconds } });
    } catch (error) {
      // who stopped it has said what it is now
      if (!signal.aborted) {
        log?.({ segmentation: job.id, error });
        repository.enter(job.id, ['running'], 'failed', { error: this.#failureOf(error) });
      }
    } finally {
      repository.addWork(job.id, now() - began);
      feed.notify(job.id);
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
      repository.progress(id, progress);
      feed.notify(id);
    };
  }

  #failureOf(error: unknown): Failure {
    const problem =
      isOutOfSpace(error) && !isApiProblem(error) ? outOfSpace(error) : this.#options.toProblem(error);
    const { code, message } = problem;
    return { type: problemType(code), title: PROBLEMS[code][1], code, detail: message };
  }
}

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toProblem } from '../../failures.ts';
import { isApiProblem } from '../../problem.ts';
import { isOutOfSpace } from '../../unforeseen.ts';
import { challengerOf } from '../choice.ts';
import type { JobModels, SegmentationsOptions } from '../options.ts';
import type { Agreement } from './compare.ts';
import { checkRoom } from './room.ts';
import type { Outcome, Shadow, ShadowRows } from './rows.ts';

export interface ShadowsOptions {
  readonly rows: ShadowRows;
  readonly models: Pick<JobModels, 'resolve'>;
  /** One directory a job, also of shadows. */
  readonly directory: string;
  /** Segments and compares. Called again for one that was interrupted, it goes on. */
  readonly work: (
    shadow: Shadow,
    directory: string,
    onProgress: (fraction: number) => void,
    signal: AbortSignal,
  ) => Promise<Agreement>;
  /** Whether no job waits or runs. */
  readonly isIdle: () => boolean;
  /** Told when the place of a shadow is free. */
  readonly onEnd: () => void;
  readonly now: () => number;
  readonly log?: SegmentationsOptions['log'];
  /** Jobs must have been silent for so long: who sends many small ones is not interrupted between them. Default 1000. */
  readonly quietMs?: number;
  /** Milliseconds until one that failed is tried again; after the last one it is given up. */
  readonly retryMs?: readonly number[];
}

interface Running {
  readonly id: string;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

const QUIET_MS = 1_000;
const RETRY_MS = [5_000, 60_000];
/** How often a shadow that runs looks whether its version is still challenger. */
const LOOK_MS = 1_000;
const LOOKED_AT = 100;
const TELL_MS = 500;
/** Until one whose end could not be written down is looked at again. */
const UNRECORDED_MS = 60_000;

const NO_CHALLENGER = 'The version is not the challenger any more.';

/**
 * Shadows: what the challenger would have answered, one at a time and only while no job waits or runs. None of them is in
 * anybody's way: not of a job, which interrupts it, nor of a deletion, which ends it.
 */
export class Shadows {
  readonly #options: ShadowsOptions;
  /** Of those that failed: how often, and when they are tried again. */
  readonly #failed = new Map<string, { readonly times: number; readonly again: number }>();
  readonly #erasing = new Set<Promise<void>>();
  /** Ended while it runs. */
  readonly #ended = new Set<string>();
  #running: Running | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ShadowsOptions) {
    this.#options = options;
  }

  /** Whether one holds a place among the jobs that run. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** To be called before the first job runs. */
  recover(): void {
    const { rows } = this.#options;
    for (const id of rows.requeueKilled())
      this.#end(id, {
        state: 'failed',
        detail: 'The server was killed again and again while it ran, most likely for want of memory.',
      });
  }

  /** No job waits or runs: the next shadow may, if that stays so. */
  idle(): void {
    if (this.#closed || this.#running || this.#timer) return;
    this.#wait(this.#options.quietMs ?? QUIET_MS);
  }

  /** A job comes: who runs lets go of its place, and goes on later. */
  interrupt(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running?.abort.abort(new DOMException('A job came.', 'AbortError'));
  }

  /** Ends shadows, from this moment on; resolves when nothing of them goes on. */
  async abandon(ids: readonly string[], detail: string): Promise<void> {
    for (const id of ids) {
      this.#end(id, { state: 'abandoned', detail });
      if (this.#running?.id === id)
        this.#running.abort.abort(new DOMException('The shadow was abandoned.', 'AbortError'));
    }
    if (this.#running && ids.includes(this.#running.id)) await this.#running.done;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.interrupt();
    await this.#running?.done;
    await Promise.all(this.#erasing);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#begin();
    }, ms);
    this.#timer.unref();
  }

  #begin(): void {
    if (this.#closed || this.#running || !this.#options.isIdle()) return;
    this.#quietly(() => {
      const shadow = this.#next();
      if (shadow) this.#start(shadow);
    });
  }

  /** The one that waits longest, once those that nobody needs are gone. */
  #next(): Shadow | undefined {
    const { rows, models, now } = this.#options;
    rows.requeue();
    void this.abandon(rows.notBy(challengerOf(models)), NO_CHALLENGER);
    void this.abandon(rows.orphans(), 'The job of the champion was deleted, failed or was canceled.');
    const again = ({ job }: Shadow) => this.#failed.get(job.id)?.again ?? 0;
    const ready = rows.ready(LOOKED_AT);
    const next = ready.find((shadow) => again(shadow) <= now());
    if (next === undefined && ready.length > 0)
      this.#wait(Math.max(1, Math.min(...ready.map(again)) - now()));
    return next;
  }

  #start(shadow: Shadow): void {
    const { rows } = this.#options;
    rows.begin(shadow.job.id);
    const abort = new AbortController();
    const done = this.#run(shadow, abort.signal).finally(() => {
      this.#running = undefined;
      if (!this.#closed) this.#options.onEnd();
    });
    this.#running = { id: shadow.job.id, abort, done };
  }

  async #run(shadow: Shadow, signal: AbortSignal): Promise<void> {
    const { work, directory, models } = this.#options;
    const { id, model } = shadow.job;
    const look = setInterval(() => {
      this.#quietly(() => {
        if (challengerOf(models) !== model.digest) void this.abandon([id], NO_CHALLENGER);
      });
    }, LOOK_MS);
    try {
      await mkdir(join(directory, id), { recursive: true });
      await checkRoom(directory, shadow.job.spec);
      const agreement = await work(shadow, join(directory, id), this.#teller(id), signal);
      // what is no longer asked for is not told of, however little was missing
      if (challengerOf(models) !== model.digest) this.#end(id, { state: 'abandoned', detail: NO_CHALLENGER });
      else this.#end(id, { state: 'done', ...agreement });
    } catch (error) {
      if (!signal.aborted) this.#fail(shadow, error);
    } finally {
      clearInterval(look);
    }
    if (this.#ended.delete(id)) this.#erase(id);
    else this.#quietly(() => this.#options.rows.requeue());
  }

  #fail({ job: { id }, of }: Shadow, error: unknown): void {
    const { retryMs = RETRY_MS, now, log } = this.#options;
    const { code, message: detail } = toProblem(error);
    if (code === 'volume-not-found') return this.#end(id, { state: 'abandoned', detail });
    log?.({ segmentation: `${of} (shadow)`, error });
    const times = this.#failed.get(id)?.times ?? 0;
    const pause = retryMs[times];
    // for want of room it would only be in the way again
    if (pause === undefined || isOutOfSpace(error) || isApiProblem(error, 'unknown-model'))
      return this.#end(id, { state: 'failed', detail });
    this.#failed.set(id, { times: times + 1, again: now() + pause });
  }

  /** The row says so, then the files go; those of one that runs, when it has let go. */
  #end(id: string, outcome: Outcome): void {
    const { rows, now } = this.#options;
    // Without room for the news it ends all the same: its files go, and it is found again later.
    if (this.#quietly(() => rows.end(id, outcome))) this.#failed.delete(id);
    else this.#failed.set(id, { times: 0, again: now() + UNRECORDED_MS });
    if (this.#running?.id === id) this.#ended.add(id);
    else this.#erase(id);
  }

  #erase(id: string): void {
    const { directory, rows, log } = this.#options;
    const erasing: Promise<void> = rm(join(directory, id), { recursive: true, force: true })
      .then(() => void this.#quietly(() => rows.remove(id)))
      .catch((error: unknown) => log?.({ segmentation: id, error })) // the next start does it
      .finally(() => this.#erasing.delete(erasing));
    this.#erasing.add(erasing);
  }

  /** Stores how far it is, for the count of kills without any progress; not every step of it. */
  #teller(id: string): (fraction: number) => void {
    const { rows, now } = this.#options;
    let told = -Infinity;
    return (fraction) => {
      if (now() - told < TELL_MS) return;
      told = now();
      this.#quietly(() => rows.progress(id, fraction));
    };
  }

  /**
   * What a shadow cannot write down, it does again: nobody else may hear of it. A full disk is nothing new.
   * @returns whether it was written
   */
  #quietly(write: () => void): boolean {
    try {
      write();
      return true;
    } catch (error) {
      if (!isOutOfSpace(error)) this.#options.log?.({ segmentation: 'shadows', error });
      return false;
    }
  }
}

import { SegmentationError } from '../errors.ts';
import type { Schedule } from './schedule.ts';
import { jobStages, type JobStage, type Task } from './task.ts';

/** Somebody who does one task at a time: this thread, a worker thread, a machine elsewhere. */
export interface TaskWorker {
  /** Stages it takes. Default: all. A job needs a worker for each stage. */
  readonly stages?: readonly JobStage[];
  run(task: Task, signal: AbortSignal): Promise<void>;
}

/** Keeps the workers busy. The first failure stops all of them. */
export class Crew {
  readonly #schedule: Schedule;
  readonly #idle: TaskWorker[];
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #outside: AbortSignal | undefined;
  readonly #finished: Task[] = [];
  #failure: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(schedule: Schedule, workers: readonly TaskWorker[], signal?: AbortSignal) {
    this.#schedule = schedule;
    this.#idle = [...workers];
    this.#outside = signal;
    this.#signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }

  /** The next task that gets done. */
  async next(): Promise<Task> {
    for (;;) {
      const task = this.#finished.shift();
      if (task) return task;
      if (!this.#failure) this.#employ();
      if (this.#failure) {
        await this.stop();
        this.#outside?.throwIfAborted(); // what a task throws when it is aborted is its own affair
        throw this.#failure.error;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Tells everybody to stop, and waits until they have. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #employ(): void {
    if (this.#signal.aborted) this.#fail(this.#signal.reason);
    for (const worker of this.#idle.splice(0)) {
      const task = this.#failure ? undefined : this.#schedule.take(worker.stages ?? jobStages);
      if (!task) {
        this.#idle.push(worker);
        continue;
      }
      const running: Promise<void> = this.#run(worker, task).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
    if (this.#running.size > 0 || this.#failure) return;
    this.#fail(
      new SegmentationError(
        'segmentation/bad-option',
        `${this.#idle.length} workers were given, but none takes the stages that are left: give a worker for every stage.`,
      ),
    );
  }

  async #run(worker: TaskWorker, task: Task): Promise<void> {
    try {
      await worker.run(task, this.#signal);
      this.#schedule.finish(task);
      this.#finished.push(task);
    } catch (error) {
      this.#fail(error);
    }
    this.#idle.push(worker);
    this.#wake();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort();
  }
}

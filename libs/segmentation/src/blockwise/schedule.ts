import { Heap } from './heap.ts';
import { jobStages, type JobPlan, type JobStage, type Task } from './task.ts';

/** Which task comes before which among those that can run: the lowest number first. */
export type TaskOrder = (task: Task, place: number) => number;

/**
 * What of a plan is done, can run, and waits. A task is done when its manifest is there, or when everything that needed
 * it is done: predictions that were blended, or affinities in a store that only has fragments and graphs, are not made
 * again.
 */
export class Schedule {
  readonly #tasks: readonly Task[];
  readonly #place = new Map<string, number>();
  readonly #consumers: number[][];
  readonly #missing: Int32Array;
  readonly #done: Uint8Array;
  readonly #ready = new Map<JobStage, Heap<Task>>();
  readonly #order: TaskOrder;
  #left: number;

  /** @param committed ids of the tasks with a manifest */
  constructor({ tasks }: JobPlan, committed: ReadonlySet<string>, order?: TaskOrder) {
    this.#tasks = tasks;
    // later stages first: what is begun is finished, and what it needed can go
    const stages = new Map(jobStages.map((stage, i) => [stage, (jobStages.length - i) * tasks.length]));
    this.#order = order ?? ((task, place) => stages.get(task.stage)! + place);
    tasks.forEach(({ id }, place) => this.#place.set(id, place));
    this.#consumers = tasks.map(() => []);
    tasks.forEach(({ after }, place) => {
      for (const id of after) this.#consumers[this.#placeOf(id)].push(place);
    });
    this.#done = new Uint8Array(tasks.length);
    this.#left = tasks.length;
    for (let place = tasks.length - 1; place >= 0; place--)
      if (committed.has(tasks[place].id) || this.#isUsedUp(place)) {
        this.#done[place] = 1;
        this.#left -= 1;
      }
    this.#missing = Int32Array.from(tasks, ({ after }) => after.filter((id) => !this.isDone(id)).length);
    for (const stage of jobStages) this.#ready.set(stage, new Heap());
    tasks.forEach((task, place) => {
      if (this.#done[place] === 0 && this.#missing[place] === 0) this.#makeReady(task, place);
    });
  }

  get finished(): boolean {
    return this.#left === 0;
  }

  isDone(id: string): boolean {
    return this.#done[this.#placeOf(id)] === 1;
  }

  /** Whether everything that needs a task is done; never, for what the job is for. */
  isUsedUp(id: string): boolean {
    return this.#isUsedUp(this.#placeOf(id));
  }

  /** The next task of the given stages; undefined when none can run now. */
  take(stages: readonly JobStage[]): Task | undefined {
    let best: Heap<Task> | undefined;
    for (const stage of stages) {
      const heap = this.#ready.get(stage);
      if (heap && heap.first < (best?.first ?? Infinity)) best = heap;
    }
    return best?.pop();
  }

  finish(task: Task): void {
    const place = this.#placeOf(task.id);
    this.#done[place] = 1;
    this.#left -= 1;
    for (const next of this.#consumers[place])
      if (--this.#missing[next] === 0 && this.#done[next] === 0) this.#makeReady(this.#tasks[next], next);
  }

  #makeReady(task: Task, place: number): void {
    this.#ready.get(task.stage)!.push(this.#order(task, place), task);
  }

  #isUsedUp(place: number): boolean {
    const consumers = this.#consumers[place];
    return consumers.length > 0 && consumers.every((next) => this.#done[next] === 1);
  }

  #placeOf(id: string): number {
    return this.#place.get(id)!; // the plan names only its own tasks
  }
}

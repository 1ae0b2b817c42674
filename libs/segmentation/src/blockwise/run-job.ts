import type { ProgressEvent } from '../progress.ts';
import { Scratch } from '../scratch.ts';
import type { TaskContext } from './context.ts';
import { Crew, type TaskWorker } from './crew.ts';
import { dropStages, sweepArtefacts } from './housekeeping.ts';
import { runTask } from './run-task.ts';
import { Schedule, type TaskOrder } from './schedule.ts';
import { committedTasks, dropTask, needManifest, type ArtefactStore } from './store/index.ts';
import { jobStages, type JobPlan, type JobStage, type Task } from './task.ts';

export interface RunJobOptions {
  readonly artefacts: ArtefactStore;
  readonly workers: readonly TaskWorker[];
  readonly signal?: AbortSignal;
  /** Which of the tasks that can run comes first. Default: later stages first, then the plan's order. */
  readonly order?: TaskOrder;
  /** Stages whose artefacts go once the job has succeeded; without `fragments` and `graph` a relabel starts from the beginning. */
  readonly dropStages?: readonly ('affinities' | 'fragments' | 'graph')[];
  /** Left-overs of killed tasks older than this, in milliseconds, are removed first. Default an hour; 0 when nobody else works on this store. */
  readonly sweepOlderThan?: number;
  readonly now?: () => number;
}

/** What a job found; the labels are in its output. */
export interface JobResult {
  readonly labelCount: number;
  readonly fragmentCount: number;
  readonly edgeCount: number;
}

const units: Record<JobStage, string> = {
  tiles: 'tiles',
  affinities: 'blocks',
  fragments: 'blocks',
  graph: 'blocks',
  agglomeration: 'volumes',
  labels: 'blocks',
};

/** A worker in this thread. Its tasks block the event loop for as long as one cell takes. */
export function taskWorker(plan: JobPlan, context: TaskContext): TaskWorker {
  const scratch = context.scratch ?? new Scratch();
  return { run: (task, signal) => runTask(task, plan, { ...context, scratch, signal }) };
}

/**
 * Runs what is not done yet of a plan. Ends when everything is committed; interrupted anywhere, it goes on from there
 * when run again. Two may run one job at a time: they get in each other's way, not in the way of the result.
 *
 * @example
 * const steps = runJob(plan, { artefacts, workers: [taskWorker(plan, context)] });
 * for (;;) { const step = await steps.next(); if (step.done) return step.value; report(step.value); }
 * @throws what the first task that failed threw, once the others have stopped; the signal's reason
 */
export async function* runJob(
  plan: JobPlan,
  options: RunJobOptions,
): AsyncGenerator<ProgressEvent, JobResult, void> {
  const { artefacts, sweepOlderThan = 3_600_000, now = Date.now } = options;
  options.signal?.throwIfAborted();
  const committed = new Set<string>();
  for (const under of new Set(plan.tasks.map(({ id }) => id.slice(0, id.lastIndexOf('/')))))
    for (const id of await committedTasks(artefacts, under)) committed.add(id);
  const schedule = new Schedule(plan, committed, options.order);
  await sweepArtefacts(artefacts, now() - sweepOlderThan);
  for (const task of plan.tasks)
    if (task.stage === 'tiles' && committed.has(task.id) && schedule.isUsedUp(task.id))
      await dropTask(artefacts, task.id);

  const progress = new Progress(plan, schedule);
  for (const stage of jobStages) yield progress.event(stage);
  const crew = new Crew(schedule, options.workers, options.signal);
  try {
    while (!schedule.finished) {
      const task = await crew.next();
      if (task.stage === 'affinities')
        for (const id of task.after) if (schedule.isUsedUp(id)) await dropTask(artefacts, id);
      progress.add(task);
      yield progress.event(task.stage);
    }
  } finally {
    await crew.stop();
  }
  const { counts } = await needManifest(
    artefacts,
    plan.tasks.find(({ stage }) => stage === 'agglomeration')!.id,
  ); // every plan has one
  await dropStages(artefacts, plan, options.dropStages ?? []);
  return { labelCount: counts.labels, fragmentCount: counts.fragments, edgeCount: counts.edges };
}

/** Done and total of each stage: tiles are counted one by one, everything else by task. */
class Progress {
  readonly #done = new Map<JobStage, number>(jobStages.map((stage) => [stage, 0]));
  readonly #total = new Map<JobStage, number>(jobStages.map((stage) => [stage, 0]));

  constructor({ tasks }: JobPlan, schedule: Schedule) {
    for (const task of tasks) {
      this.#total.set(task.stage, this.#total.get(task.stage)! + task.units);
      if (schedule.isDone(task.id)) this.add(task);
    }
  }

  add(task: Task): void {
    this.#done.set(task.stage, this.#done.get(task.stage)! + task.units);
  }

  event(stage: JobStage): ProgressEvent {
    return { stage, done: this.#done.get(stage)!, total: this.#total.get(stage)!, unit: units[stage] };
  }
}

import { Scratch } from '../scratch.ts';
import type { TaskContext, WorkContext } from './context.ts';
import { geometryOf } from './geometry.ts';
import { runAffinities } from './stages/affinities.ts';
import { runAgglomeration } from './stages/agglomeration.ts';
import { runFragments } from './stages/fragments.ts';
import { runGraph } from './stages/graph.ts';
import { runLabels } from './stages/labels.ts';
import { runTiles } from './stages/tiles.ts';
import { commit, readManifest, type Outcome } from './store/index.ts';
import type { JobPlan, Task } from './task.ts';

/**
 * Does one task of a plan, wherever its artefacts are. Idempotent: a task that is done is left alone, one that was
 * killed has left nothing anybody sees, and of two that do the same task at once the first commits and the other adopts
 * what it made.
 *
 * @example
 * for (const task of plan.tasks) await runTask(task, plan, { volume, predictor, artefacts, output });
 * @param plan only its spec is looked at; keep the same object for all tasks of a job
 * @throws {SegmentationError} what the stage throws; `segmentation/artefact-missing` when a task that must come before is
 * not done; `segmentation/no-space`, `segmentation/storage`; what volumes throw; the signal's reason
 */
export async function runTask(task: Task, plan: SpecOfPlan, context: TaskContext): Promise<void> {
  const { artefacts, signal } = context;
  signal?.throwIfAborted();
  if ((await readManifest(artefacts, task.id)) || (await isNotNeeded(task, plan, context))) return;
  try {
    const work = (scratch: Scratch) => perform(task, plan, { ...context, scratch });
    const outcome = await (context.scratch ?? new Scratch()).lend(work);
    signal?.throwIfAborted();
    await commit(artefacts, task.id, outcome);
  } catch (error) {
    // Somebody else may have finished the task, and removed what only this task needed, while it ran here.
    if (!signal?.aborted && (await readManifest(artefacts, task.id).catch(() => undefined))) return;
    throw error;
  }
}

function perform(task: Task, plan: SpecOfPlan, context: WorkContext): Promise<Outcome> {
  const geometry = geometryOf(plan.spec);
  switch (task.stage) {
    case 'tiles':
      return runTiles(task, geometry, context);
    case 'affinities':
      return runAffinities(task, geometry, context);
    case 'fragments':
      return runFragments(task, geometry, context);
    case 'graph':
      return runGraph(task, geometry, context);
    case 'agglomeration':
      return runAgglomeration(task, geometry, context);
    case 'labels':
      return runLabels(task, geometry, context);
  }
}

/** Predictions whose blocks are all blended are gone, and need not come back. */
async function isNotNeeded(task: Task, { spec }: SpecOfPlan, { artefacts }: TaskContext): Promise<boolean> {
  if (task.stage !== 'tiles') return false;
  const geometry = geometryOf(spec);
  for (const place of geometry.consumers(task.place))
    if (!(await readManifest(artefacts, geometry.id('affinities', place)))) return false;
  return true;
}

/** All that a task needs of its plan: who runs single tasks can do with `{ spec: resolveSpec(spec) }`. */
type SpecOfPlan = Pick<JobPlan, 'spec'>;

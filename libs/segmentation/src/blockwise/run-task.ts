import { Scratch } from '../scratch.ts';
import type { TaskContext, WorkContext } from './context.ts';
import { JobGeometry } from './geometry.ts';
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
 * @throws {SegmentationError} what the stage throws; `segmentation/artefact-missing` when a task that must come before is
 * not done; `segmentation/no-space`, `segmentation/storage`; what volumes throw; the signal's reason
 */
export async function runTask(task: Task, plan: JobPlan, context: TaskContext): Promise<void> {
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

function perform(task: Task, plan: JobPlan, context: WorkContext): Promise<Outcome> {
  const geometry = new JobGeometry(plan.spec);
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
async function isNotNeeded(task: Task, { tasks }: JobPlan, { artefacts }: TaskContext): Promise<boolean> {
  if (task.stage !== 'tiles') return false;
  for (const other of tasks) {
    if (other.stage !== 'affinities' || !other.after.includes(task.id)) continue;
    if (!(await readManifest(artefacts, other.id))) return false;
  }
  return true;
}

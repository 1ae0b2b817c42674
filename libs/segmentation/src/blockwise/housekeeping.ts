import { adoptTask, committedTasks, dropTask, temporaryPrefix, type ArtefactStore } from './store/index.ts';
import { jobStages, type JobPlan, type JobStage } from './task.ts';

/**
 * Takes finished tasks over from another job's store, so that a new one starts with them done; directories share files by
 * hard links where they can. With `['fragments', 'graph']` the new job only agglomerates and writes labels.
 *
 * @returns how many tasks were taken over
 * @example await linkArtefacts(directoryArtefacts(old), directoryArtefacts(fresh), ['fragments', 'graph']);
 */
export async function linkArtefacts(
  from: ArtefactStore,
  to: ArtefactStore,
  stages: readonly JobStage[],
  signal?: AbortSignal,
): Promise<number> {
  let count = 0;
  for (const stage of stages)
    for (const id of await committedTasks(from, stage)) {
      signal?.throwIfAborted();
      await adoptTask(from, to, id);
      count += 1;
    }
  return count;
}

/** Makes the tasks of stages undone and removes their artefacts. */
export async function dropStages(
  store: ArtefactStore,
  plan: JobPlan,
  stages: readonly JobStage[],
): Promise<void> {
  if (stages.length === 0) return;
  for (const { id, stage } of plan.tasks) if (stages.includes(stage)) await dropTask(store, id);
}

/**
 * Removes what killed tasks left: files without a name, and artefacts of tasks without a manifest.
 *
 * @param before only what was written before this moment, milliseconds since 1970: younger ones may belong to a task at work
 * @returns how many objects were removed
 */
export async function sweepArtefacts(store: ArtefactStore, before: number): Promise<number> {
  let count = 0;
  const remove = async (name: string) => {
    await store.delete(name);
    count += 1;
  };
  for await (const { name, modified } of store.list(temporaryPrefix))
    if (modified <= before) await remove(name);
  const committed = new Set<string>();
  for (const stage of jobStages) for (const id of await committedTasks(store, stage)) committed.add(id);
  for await (const { name, modified } of store.list('files/')) {
    const task = name.slice('files/'.length, name.lastIndexOf('/'));
    if (modified <= before && !committed.has(task)) await remove(name);
  }
  return count;
}

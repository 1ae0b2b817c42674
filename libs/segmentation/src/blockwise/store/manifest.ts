import { SegmentationError } from '../../errors.ts';
import type { ArrayRef } from './arrays.ts';
import type { ArtefactStore } from './store.ts';

/** What a finished task left: the only thing readers trust. */
export interface Manifest {
  readonly task: string;
  readonly files: Readonly<Record<string, ArrayRef>>;
  readonly counts: Readonly<Record<string, number>>;
}

/** A manifest to be. */
export type Outcome = Omit<Manifest, 'task'>;

const prefix = 'manifests/';
const nameOf = (task: string) => `${prefix}${task}.json`;

/** The manifest of a task; undefined while it is not done. */
export async function readManifest(store: ArtefactStore, task: string): Promise<Manifest | undefined> {
  const bytes = await store.get(nameOf(task));
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as Manifest); // only `commit` writes there
}

/** The manifest of a task that must be done. */
export async function needManifest(store: ArtefactStore, task: string): Promise<Manifest> {
  const manifest = await readManifest(store, task);
  if (manifest) return manifest;
  throw new SegmentationError(
    'segmentation/artefact-missing',
    `Task ${task} has left no manifest, though another task needs it: run the tasks in the order of the plan.`,
  );
}

/** Commits a task by one conditional write. Who comes second takes what the first made, and drops its own files. */
export async function commit(store: ArtefactStore, task: string, outcome: Outcome): Promise<Manifest> {
  const mine: Manifest = { task, ...outcome };
  if (await store.putIfAbsent(nameOf(task), new TextEncoder().encode(JSON.stringify(mine)))) return mine;
  const theirs = await needManifest(store, task);
  const kept = new Set(Object.values(theirs.files).map(({ name }) => name));
  for (const { name } of Object.values(mine.files)) if (!kept.has(name)) await store.delete(name);
  return theirs;
}

/** Makes a task undone: the manifest goes first, so that nobody trusts a file that is going. */
export async function dropTask(store: ArtefactStore, task: string): Promise<void> {
  const manifest = await readManifest(store, task);
  if (manifest === undefined) return;
  await store.delete(nameOf(task));
  for (const { name } of Object.values(manifest.files)) await store.delete(name);
}

/** Ids of the tasks with a manifest, of one stage or one digest of it: `graph`, `graph/0123456789abcdef`. */
export async function committedTasks(store: ArtefactStore, under: string): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { name } of store.list(`${prefix}${under}/`))
    if (name.endsWith('.json')) ids.add(name.slice(prefix.length, -'.json'.length));
  return ids;
}

/** Takes a finished task over from another store. */
export async function adoptTask(from: ArtefactStore, to: ArtefactStore, task: string): Promise<void> {
  const { files, counts } = await needManifest(from, task);
  for (const { name } of Object.values(files)) {
    if (await to.adopt?.(from, name)) continue;
    const bytes = await from.get(name);
    if (bytes === undefined)
      throw new SegmentationError(
        'segmentation/artefact-missing',
        `The artefact ${name} of task ${task} is gone: start the job it belongs to again in an empty directory.`,
      );
    await to.put(name, [bytes]);
  }
  await commit(to, task, { files, counts });
}

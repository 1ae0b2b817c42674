import { join } from 'node:path';
import { unless, type Files } from './files.ts';
import { INCOMING } from './held.ts';

/** Of the name of a directory whose volume is being deleted: it says so even where the database had no room to. */
const DELETING = '.deleting';

/**
 * Deletes a volume's files, then calls `removeRow`. Killed anywhere, it can be called again and ends the same.
 *
 * @param directory of all volumes
 */
export async function purge(
  files: Files,
  directory: string,
  id: string,
  removeRow: () => void,
): Promise<void> {
  const marked = join(directory, id + DELETING);
  await unless(files.rename(join(directory, id), marked), 'ENOENT');
  // The directory itself goes last: as long as there is a row, something must say that its files are gone.
  await clear(files, marked);
  removeRow();
  await files.rm(marked, { recursive: true, force: true });
}

/** Ids whose deletion did not end. */
export async function unfinishedDeletions(files: Files, directory: string): Promise<string[]> {
  const names = (await unless(files.readdir(directory), 'ENOENT')) ?? [];
  return names.filter((name) => name.endsWith(DELETING)).map((name) => name.slice(0, -DELETING.length));
}

/** Removes bodies that had not arrived when a server ended. */
export const sweepIncoming = (files: Files, directory: string, id: string): Promise<void> =>
  clear(files, join(directory, id, INCOMING));

async function clear(files: Files, directory: string): Promise<void> {
  for (const name of (await unless(files.readdir(directory), 'ENOENT')) ?? []) {
    await files.rm(join(directory, name), { recursive: true, force: true });
  }
}

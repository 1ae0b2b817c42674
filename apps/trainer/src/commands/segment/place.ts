/** Outputs are written beside their place and moved there when they are whole. */
import { rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { createVolume, type CreateOptions, type WritableVolume } from '@tokenunify/em-io';

export interface Places {
  readonly final: string;
  /** Where it is written. */
  readonly unfinished: string;
  /** Where what it replaces waits for the new one. */
  readonly replaced: string;
}

/** @param owner told apart by it: two writers must not share it */
export function placesBeside(location: string, owner: string): Places {
  const final = resolve(location);
  const beside = (what: string) => join(dirname(final), `.${what}-${owner}-${basename(final)}`);
  return { final, unfinished: beside('unfinished'), replaced: beside('replaced') };
}

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** Makes the volume beside its place, anew; `fill` writes it. */
export async function writeBeside(
  places: Places,
  options: CreateOptions,
  fill: (volume: WritableVolume) => Promise<void>,
): Promise<void> {
  await clearBeside(places);
  const volume = await createVolume(places.unfinished, options);
  try {
    await fill(volume);
    await volume.close();
  } catch (error) {
    await volume[Symbol.asyncDispose]();
    throw error;
  }
}

/** Moves what was written to its place. What was there comes back if that fails. */
export async function putInPlace({ final, unfinished, replaced }: Places): Promise<void> {
  // a file takes the place of a file in one step, and there is no moment without either
  const replaces = (await exists(final)) && !((await isFile(final)) && (await isFile(unfinished)));
  if (replaces) {
    await rm(replaced, { recursive: true, force: true });
    await rename(final, replaced);
  }
  try {
    await rename(unfinished, final);
  } catch (error) {
    if (replaces) await rename(replaced, final);
    throw error;
  }
  await rm(replaced, { recursive: true, force: true });
}

/**
 * After a kill in `putInPlace`: what was replaced is removed if the new one is in its place, and else comes back. Its hidden
 * name would otherwise be all that is left of it, and nobody would look there.
 */
export async function settlePlaces({ final, unfinished, replaced }: Places): Promise<void> {
  if (!(await exists(replaced))) return;
  if (await exists(final)) await rm(replaced, { recursive: true, force: true });
  else if (await exists(unfinished)) await rename(replaced, final);
}

/** Removes what was begun; an npy file that was never closed has a name of its own. */
export async function clearBeside({ unfinished }: Places): Promise<void> {
  for (const path of [unfinished, `${unfinished}.partial`]) await rm(path, { recursive: true, force: true });
}

import { readFileSync, rmSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from '../../../errors.ts';
import { isRunning, ownerFor, parseOwner, writeOwner } from './owner.ts';
import { systemError } from './system-error.ts';

/** Longer than a claim takes from its first byte to its last. */
const WRITING_MS = 500;
/** Longer than two commands that saw the same dead claim take to remove it. */
const REMOVING_MS = 50;

/**
 * Claims an output for this process: two commands that shared how far they have come would undo each other's work on the
 * server. A claim of a process that has ended does not count, whoever has its number now.
 *
 * @returns what gives it back
 * @throws CommandError `trainer/usage` when another command writes it
 */
export async function claimOutput(output: string): Promise<() => Promise<void>> {
  const file = `${resolve(output)}.segment.lock`;
  const own = writeOwner(await ownerFor(process.pid));
  const release = () => rm(file, { force: true });
  for (let removed = false; ; removed = true) {
    if (await make(file, own)) {
      if (!removed) return release;
      // another may have seen the same dead claim, and removed this one instead
      await sleep(REMOVING_MS);
      if ((await read(file)) === own) return release;
    }
    const text = await finished(file);
    const owner = text === undefined ? undefined : parseOwner(text);
    if (owner && (await isRunning(owner)))
      throw new CommandError(
        'trainer/usage',
        `Another command (process ${owner.pid}) writes ${output}; wait for it, or choose another output.`,
      );
    if (text !== undefined) removeSame(file, text);
  }
}

/** Without a pause between the look and the removal: another command may have made its own claim meanwhile. */
function removeSame(file: string, text: string): void {
  try {
    if (readFileSync(file, 'utf8') === text) rmSync(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw systemError(error, file);
  }
}

const read = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw systemError(error, file);
  });

/** @returns whether there was none */
async function make(file: string, own: string): Promise<boolean> {
  const handle = await open(file, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined;
    throw systemError(error, file);
  });
  if (!handle) return false;
  try {
    await handle.writeFile(own);
    return true;
  } catch (error) {
    await rm(file, { force: true });
    throw systemError(error, file);
  } finally {
    await handle.close();
  }
}

/** The text of a claim, also if who made it was killed before it had written it; undefined where it is gone. */
async function finished(file: string): Promise<string | undefined> {
  for (let waited = 0; ; waited += 50) {
    const text = await read(file);
    if (text === undefined || parseOwner(text) || waited >= WRITING_MS) return text;
    await sleep(50);
  }
}

import { open, readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CommandError } from '../../../errors.ts';
import { systemError } from './system-error.ts';

/**
 * Claims an output for this process: two commands that shared how far they have come would undo each other's work on the
 * server. A claim of a process that has ended does not count.
 *
 * @returns what gives it back
 * @throws CommandError `trainer/usage` when another command writes it
 */
export async function claimOutput(output: string): Promise<() => Promise<void>> {
  const file = `${resolve(output)}.segment.lock`;
  for (;;) {
    const handle = await open(file, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined;
      throw systemError(error, file);
    });
    if (handle) {
      try {
        await handle.writeFile(String(process.pid));
      } catch (error) {
        await rm(file, { force: true });
        throw systemError(error, file);
      } finally {
        await handle.close();
      }
      return () => rm(file, { force: true });
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner !== 0 && isAlive(owner))
      throw new CommandError(
        'trainer/usage',
        `Another command (process ${owner}) writes ${output}; wait for it, or choose another output.`,
      );
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // kill throws no other kind
  }
}

import { readFile } from 'node:fs/promises';

/** A process, told from a later one that got the same number: after a restart of a container that is soon. */
export interface Owner {
  readonly pid: number;
  /** When it began, as Linux counts it; empty where nobody says. */
  readonly since: string;
}

export async function ownerFor(pid: number): Promise<Owner> {
  return { pid, since: (await look(pid))?.since ?? '' };
}

export const writeOwner = ({ pid, since }: Owner): string => `${pid} ${since}\n`;

/** @returns undefined unless it is whole */
export function parseOwner(text: string): Owner | undefined {
  const found = /^([1-9]\d*) (\d*)\n$/.exec(text);
  return found ? { pid: Number(found[1]), since: found[2]! } : undefined; // a group that may be empty is there
}

export async function isRunning({ pid, since }: Owner): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false; // kill throws no other kind
  }
  const now = await look(pid);
  if (!now) return true;
  // one that was killed keeps its number until its parent has heard of it
  return !/[ZX]/.test(now.state) && (since === '' || since === now.since);
}

/** What Linux says of a process; undefined elsewhere. */
async function look(pid: number): Promise<{ readonly state: string; readonly since: string } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // behind the name, which may hold anything: fields 3 and 22 of proc(5)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, since] = [fields[0], fields[19]];
  return state && since ? { state, since } : undefined;
}

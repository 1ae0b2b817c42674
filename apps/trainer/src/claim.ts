import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** Another process holds what was to be claimed. */
export class Claimed extends Error {
  override readonly name = 'Claimed';
  /** As `process 4711 on node-3 since 2026-11-24T01:00:00.000Z`, or `another process`. */
  readonly holder: string;

  constructor(file: string, holder: string, cause: unknown) {
    super(`${holder} holds ${file}; wait for it to end.`, { cause });
    this.holder = holder;
  }
}

/**
 * Claims a file for this process. The claim is a lock of the operating system (through SQLite, which has one on every
 * platform), so it ends with the process, however that ends. A file with a process id in it would not do: in a container
 * every night is process 1, and one that was killed would lock out all that come after it.
 *
 * The file stays when the claim is given back: removing it would let two processes lock two files of the same name.
 *
 * @param file `<file>.holder` beside it tells people who holds it
 * @returns what gives it back
 * @throws Claimed; errors of the file system
 */
export async function claim(file: string, now: () => number = Date.now): Promise<() => void> {
  await mkdir(dirname(file), { recursive: true });
  const told = `${file}.holder`;
  const db = new DatabaseSync(file);
  try {
    db.exec('begin exclusive');
  } catch (cause) {
    db.close();
    if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY)) throw cause;
    const holder = await readFile(told, 'utf8').catch(() => '');
    throw new Claimed(file, holder.trim() || 'another process', cause);
  }
  const text = `process ${process.pid} on ${hostname()} since ${new Date(now()).toISOString()}\n`;
  // only told to people: a full disk is reported by what needs the room
  await writeFile(told, text).catch(() => undefined);
  return () => db.close();
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** Two servers with one data directory would do the same jobs. */
export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

/**
 * Claims a data directory for this process. The claim is a lock of the operating system (through SQLite, which has one on
 * every platform), so it ends with the process, however that ends.
 *
 * @returns what gives it back
 * @throws DirectoryInUse
 */
export function claimDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const db = new DatabaseSync(join(directory, 'lock.sqlite'));
  try {
    db.exec('begin exclusive');
  } catch (cause) {
    db.close();
    if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY)) throw cause;
    throw new DirectoryInUse(
      `Another server works in ${directory}; stop it, or choose another directory with --data.`,
      { cause },
    );
  }
  return () => db.close();
}

import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from '../config.ts';
import { openDatabase } from '../database.ts';
import { KEYS_USAGE, readKeysCommand, UsageError, type KeysCommand } from './arguments.ts';
import { exportKeys } from './exported.ts';
import { KeyError, KeyStore, type StoredKey } from './store.ts';

/** Where lines go: results to `out`, all else to `note`, so that `$(npm run -s keys -- create ...)` is the key alone. */
export interface KeysOutput {
  out(line: string): void;
  note(line: string): void;
}

/**
 * The command `npm run keys`.
 *
 * @returns the exit code: 0, 1 for what cannot be done, 2 for a command line that makes no sense
 */
export async function runKeys(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  output: KeysOutput,
  now: () => number = Date.now,
): Promise<number> {
  try {
    const command = readKeysCommand(argv, env);
    if (command === 'help') output.out(KEYS_USAGE);
    else await run(command, output, now);
    return 0;
  } catch (error) {
    const wrong = error instanceof UsageError || error instanceof ConfigError;
    output.note(error instanceof Error ? error.message : String(error));
    return wrong ? 2 : 1;
  }
}

async function run(command: KeysCommand, output: KeysOutput, now: () => number): Promise<void> {
  const { database, json } = command;
  // Only `create` makes a data directory: a misspelt one must not look like one without keys.
  if (command.command !== 'create' && !existsSync(database)) {
    throw new KeyError(
      `${dirname(database)} is no data directory of a server; name it with --data, or create a first key.`,
    );
  }
  const db = openDatabase(database);
  try {
    const keys = new KeyStore(db, { now });
    switch (command.command) {
      case 'create': {
        const first = keys.count() === 0;
        const { name, scopes, expires } = command;
        const key = await keys.create({ name, scopes, ...(expires !== undefined && { expires }) });
        output.out(json ? JSON.stringify({ ...shown(key, now()), key: key.token }) : key.token);
        if (json) return;
        output.note(`${key.id} for ${name}: ${scopes.join(', ')}. It is not shown again.`);
        if (first) output.note(`From now on, servers on ${dirname(database)} ask for a key.`);
        return;
      }
      case 'list': {
        const all = keys.list().map((key) => shown(key, now()));
        if (json) return output.out(JSON.stringify(all));
        if (all.length === 0) return output.note('There are no keys.');
        return all.map(row).forEach((line) => output.out(line));
      }
      case 'revoke': {
        const key = keys.revoke(command.id);
        return output.out(json ? JSON.stringify(shown(key, now())) : `${key.id} (${key.name}) is revoked.`);
      }
      case 'export':
        return output.out(exportKeys(keys.list(), now()));
    }
  } finally {
    db.close();
  }
}

interface Shown {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly good: boolean;
  readonly until?: string;
}

/** Without the hash, which is nobody's business here. */
const shown = ({ id, name, scopes, createdAt, until }: StoredKey, now: number): Shown => ({
  id,
  name,
  scopes,
  createdAt: new Date(createdAt).toISOString(),
  good: until === undefined || until > now,
  ...(until !== undefined && { until: new Date(until).toISOString() }),
});

function row({ id, name, scopes, createdAt, good, until }: Shown): string {
  const state = until === undefined ? '' : `  ${good ? 'expires' : 'ended'} ${until.slice(0, 16)}Z`;
  return `${id}  ${createdAt.slice(0, 10)}  ${name.padEnd(20)}  ${scopes.join(',')}${state}`;
}

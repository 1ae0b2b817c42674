import { parseArgs } from 'node:util';
import { databaseFile, readConfig } from '../config.ts';
import { SCOPES, type Scope } from '../contract/scopes.ts';
import { parseToken } from './token.ts';

export const KEYS_USAGE = `API keys of a server. Requests send one as \`Authorization: Bearer KEY\`.

Usage: npm run keys -- COMMAND [options]

  create --name NAME --scopes A,B | --all-scopes [--expires DATE]
                 a new key; it is shown once, and only a hash of it is kept
  list           all keys, without what is secret
  revoke ID      end a key now; servers that run heed it with the next request
  export         the keys that are good, as JSON: what a Worker takes as its secret API_KEYS (hashes, no keys)

  --data DIR     TOKENUNIFY_DATA   data directory of the server (default .tokenunify-data)
  --json         machine-readable output
  --help

Scopes: ${SCOPES.join(', ')}.
As soon as a server has a key, it asks for one; without keys it listens on this machine only.`;

/** A command line that makes no sense; the message is all that needs to be printed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface Where {
  /** The database of the server. */
  readonly database: string;
  readonly json: boolean;
}

export type KeysCommand = Where &
  (
    | {
        readonly command: 'create';
        readonly name: string;
        readonly scopes: readonly Scope[];
        readonly expires?: number;
      }
    | { readonly command: 'list' | 'export' }
    | { readonly command: 'revoke'; readonly id: string }
  );

const CREATING = ['name', 'scopes', 'all-scopes', 'expires'] as const;

/** @throws UsageError, ConfigError */
export function readKeysCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): KeysCommand | 'help' {
  const { values, positionals } = parse(argv);
  if (values.help) return 'help';
  const [command, id, ...more] = positionals;
  if (command === undefined) throw usage('There is no command');
  if (command !== 'create' && command !== 'list' && command !== 'revoke' && command !== 'export') {
    throw usage(`"${command}" is no command`);
  }
  if (more.length > 0 || (id !== undefined && command !== 'revoke')) {
    throw usage(`\`${command}\` has too many arguments`);
  }
  const strange = CREATING.find((name) => values[name] !== undefined);
  if (strange && command !== 'create') throw usage(`--${strange} is for \`create\` only`);
  const where = { database: databaseOf(values.data, env), json: values.json ?? false };
  if (command === 'list' || command === 'export') return { ...where, command };
  if (command === 'revoke') {
    if (id === undefined) throw usage('`revoke` needs the id of a key');
    // Who gives the whole key means its id; the rest of it must get into no message.
    return { ...where, command, id: parseToken(id)?.id ?? id };
  }
  const { name, expires } = values;
  if (name === undefined) throw usage('`create` needs --name: whose key it is');
  return {
    ...where,
    command,
    name,
    scopes: scopesOf(values.scopes, values['all-scopes']),
    ...(expires !== undefined && { expires: dateOf(expires) }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        name: { type: 'string' },
        scopes: { type: 'string' },
        'all-scopes': { type: 'boolean' },
        expires: { type: 'string' },
        data: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.?$/, '') : String(cause);
    throw new UsageError(`${reason}; --help shows how.`, { cause });
  }
}

/** The same directory that the server would take. */
function databaseOf(data: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const config = readConfig(data === undefined ? [] : [`--data=${data}`], {
    TOKENUNIFY_DATA: env['TOKENUNIFY_DATA'],
  });
  if (config === 'help') throw usage('--data needs a directory');
  return databaseFile(config.data);
}

function scopesOf(list: string | undefined, all: boolean | undefined): readonly Scope[] {
  if ((list === undefined) === (all === undefined)) {
    throw usage('`create` needs either --scopes or --all-scopes');
  }
  if (list === undefined) return SCOPES;
  return list.split(',').map((text) => {
    const scope = SCOPES.find((one) => one === text.trim());
    if (scope === undefined) {
      throw new UsageError(`--scopes has "${text.trim()}"; there are ${SCOPES.join(', ')}.`);
    }
    return scope;
  });
}

function dateOf(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new UsageError(`--expires is "${text}"; give a date like 2030-01-31, or 2030-01-31T12:00:00Z.`);
}

const usage = (what: string): UsageError => new UsageError(`${what}; --help shows how.`);

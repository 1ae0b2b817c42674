import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { SCOPES, type Scope } from '../contract/scopes.ts';
import { hashSecret, newToken, type FillRandom } from './token.ts';
import type { KeyRecord } from './verify.ts';

export interface NewKey {
  /** For people: whose it is. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** ms since 1970; never unless given. */
  readonly expires?: number;
}

export interface StoredKey extends KeyRecord {
  readonly createdAt: number;
}

export interface CreatedKey extends StoredKey {
  /** All of the key. It is kept nowhere: show it now or never. */
  readonly token: string;
}

/** A key that cannot be made or found; the message is all that needs to be printed. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
}

export interface KeyStoreOptions {
  readonly now?: () => number;
  readonly fill?: FillRandom;
}

/**
 * API keys in the database. Every call reads it afresh, so that what another process does counts at once.
 *
 * @example
 *     const keys = new KeyStore(openDatabase(databaseFile('.tokenunify-data')));
 *     const { token } = await keys.create({ name: 'lab', scopes: ['segment'] });
 */
export class KeyStore {
  readonly #db: DatabaseSync;
  readonly #now: () => number;
  readonly #fill: FillRandom;
  readonly #byId: ReturnType<DatabaseSync['prepare']>;
  readonly #any: ReturnType<DatabaseSync['prepare']>;

  constructor(db: DatabaseSync, options: KeyStoreOptions = {}) {
    this.#db = db;
    this.#now = options.now ?? Date.now;
    this.#fill = options.fill ?? ((bytes) => crypto.getRandomValues(bytes));
    // Prepared once: they run with every request.
    this.#byId = db.prepare('select * from keys where id = ?');
    this.#any = db.prepare('select count(*) as n from keys');
  }

  /** @throws KeyError no name, no scopes, unknown ones, or a time that has passed */
  async create({ name, scopes, expires }: NewKey): Promise<CreatedKey> {
    const createdAt = this.#now();
    checkNew({ name, scopes, ...(expires !== undefined && { expires }) }, createdAt);
    const { id, secret, token } = newToken(this.#fill);
    const hash = await hashSecret(secret);
    const distinct = SCOPES.filter((scope) => scopes.includes(scope));
    // `revoked_at` is the time from which the key is no longer good, so an expiry is a revocation told in advance.
    this.#db
      .prepare('insert into keys (id, name, hash, scopes, created_at, revoked_at) values (?, ?, ?, ?, ?, ?)')
      .run(id, name, hash, JSON.stringify(distinct), createdAt, expires ?? null);
    return {
      id,
      name,
      hash,
      scopes: distinct,
      createdAt,
      ...(expires !== undefined && { until: expires }),
      token,
    };
  }

  find(id: string): StoredKey | undefined {
    const row = this.#byId.get(id);
    return row && keyOf(row);
  }

  /** All keys, the revoked ones too, oldest first. */
  list(): StoredKey[] {
    return this.#db.prepare('select * from keys order by created_at, id').all().map(keyOf);
  }

  /**
   * Ends a key now; one that has ended stays as it was.
   *
   * @throws KeyError there is none
   */
  revoke(id: string): StoredKey {
    const now = this.#now();
    this.#db
      .prepare('update keys set revoked_at = ? where id = ? and coalesce(revoked_at > ?, true)')
      .run(now, id, now);
    const key = this.find(id);
    if (key === undefined) throw new KeyError(`There is no key ${id}; \`list\` shows which there are.`);
    return key;
  }

  /** How many were ever created. */
  count(): number {
    return Number(this.#any.get()?.['n'] ?? 0);
  }
}

function checkNew({ name, scopes, expires }: NewKey, now: number): void {
  if (!/^[^\p{Cc}]{1,100}$/u.test(name.trim())) {
    throw new KeyError('The name of a key is 1 to 100 characters on one line; say whose it is.');
  }
  const unknown = scopes.find((scope) => !SCOPES.includes(scope));
  if (unknown !== undefined) {
    throw new KeyError(`There is no scope "${unknown}"; there are ${SCOPES.join(', ')}.`);
  }
  if (scopes.length === 0) {
    throw new KeyError(`A key needs at least one scope of ${SCOPES.join(', ')}.`);
  }
  if (expires !== undefined && !(Number.isInteger(expires) && expires > now)) {
    throw new KeyError('A key cannot expire in the past; give a later time.');
  }
}

function keyOf(row: Record<string, SQLOutputValue>): StoredKey {
  const { id, name, hash, scopes, created_at: createdAt, revoked_at: until } = row;
  return {
    id: String(id),
    name: String(name),
    hash: String(hash),
    scopes: JSON.parse(String(scopes)) as string[], // only `create` writes it
    createdAt: Number(createdAt),
    ...(until !== null && { until: Number(until) }),
  };
}

import type { Env } from '../environment.ts';
import { ApiProblem } from '../problem.ts';
import type { Authorize } from '../contract/declare.ts';
import type { Scope } from '../contract/scopes.ts';
import { bearerOf, hashSecret, parseToken } from './token.ts';

export { bearerOf, hashSecret, parseToken } from './token.ts';

/** What is kept of a key. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly hash: string;
  readonly scopes: readonly string[];
  /** The key is good before this time, ms since 1970: when it expires, or was revoked. */
  readonly until?: number;
}

export type FindKey = (id: string) => KeyRecord | undefined | Promise<KeyRecord | undefined>;

/**
 * Lets requests in that carry a key with the scope, and makes the key's id their `owner`. Tokens are never in a message.
 *
 * An unknown id and a wrong secret get one answer after the same work, so that ids cannot be found out; that a key was
 * revoked is told only to who has its secret.
 *
 * @param find asked for every request, so that a revocation counts at once
 * @throws ApiProblem `unauthorized` with `WWW-Authenticate`, `forbidden` with the scope that is missing
 * @example
 *     createApp({ registry, authorize: authorizeWith((id) => store.find(id)) });
 */
export function authorizeWith<E extends Env = Env>(
  find: FindKey,
  now: () => number = Date.now,
): Authorize<E> {
  return async (c, scope) => {
    const key = await keyOf(c.req.raw.headers, find, now);
    if (!key.scopes.includes(scope)) throw forbidden(key, scope);
    c.set('owner', key.id);
  };
}

async function keyOf(headers: Headers, find: FindKey, now: () => number): Promise<KeyRecord> {
  if (!headers.has('authorization')) {
    throw unauthorized('This server has API keys; send one as `Authorization: Bearer KEY`.');
  }
  const parts = parseToken(bearerOf(headers) ?? '');
  if (parts === undefined) {
    throw unauthorized(
      'The Authorization header is not `Bearer tu_ID_SECRET`; send an API key as it was shown when it was created.',
    );
  }
  const [key, hash] = await Promise.all([find(parts.id), hashSecret(parts.secret)]);
  if (!sameHash(key?.hash ?? NO_HASH, hash) || key === undefined) {
    throw unauthorized('The API key is not one of this server; check it, or have another created.');
  }
  if (key.until !== undefined && key.until <= now()) {
    throw unauthorized('The API key was revoked or has expired; have another created.');
  }
  return key;
}

/** As long as a hash, and the hash of nothing. */
const NO_HASH = '-'.repeat(64);

/** In a time that does not depend on where they differ. */
function sameHash(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

const unauthorized = (message: string): ApiProblem =>
  new ApiProblem('unauthorized', message, {
    field: 'authorization',
    headers: { 'www-authenticate': 'Bearer' },
  });

const forbidden = (key: KeyRecord, scope: Scope): ApiProblem =>
  new ApiProblem(
    'forbidden',
    `The API key ${key.id} has no scope ${scope}, which this needs; use one that has, or have one created.`,
    { field: 'authorization', limit: scope },
  );

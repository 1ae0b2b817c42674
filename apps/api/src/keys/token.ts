/**
 * API keys as text: `tu_<id>_<secret>`. The prefix lets secret scanners find one that leaked, the id finds the record
 * without a search, and of the secret only a hash is kept. Nothing of Node is used here: a Worker runs it too.
 */

/** Crockford's digits: no id can be read as another, and none begins with the dash of an option. */
const ID_DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_LENGTH = 12;
const SECRET_BYTES = 32;
const TOKEN = /^tu_([0-9a-z]{12})_([A-Za-z0-9_-]{43})$/;

export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

export interface NewToken extends TokenParts {
  readonly token: string;
}

/** Fills bytes with chance, as `crypto.getRandomValues` does. */
export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

/** A new token: an id of 60 random bits and a secret of 256. */
export function newToken(fill: FillRandom): NewToken {
  const id = Array.from(fill(new Uint8Array(ID_LENGTH)), (byte) => ID_DIGITS[byte % ID_DIGITS.length]).join(
    '',
  );
  const bytes = fill(new Uint8Array(SECRET_BYTES));
  const secret = btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
  return { id, secret, token: `tu_${id}_${secret}` };
}

/** The parts of a token; undefined when it is none. */
export function parseToken(token: string): TokenParts | undefined {
  const [, id, secret] = TOKEN.exec(token) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/**
 * SHA-256 of a secret, hexadecimal. No slow password hash: a secret of 256 random bits cannot be guessed, however
 * fast guesses are.
 */
export async function hashSecret(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The token of an `Authorization: Bearer` header; undefined without one, or with another scheme. */
export function bearerOf(headers: { get(name: string): string | null }): string | undefined {
  return /^bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1];
}

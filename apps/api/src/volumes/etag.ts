import { ApiProblem } from '../problem.ts';

/** What a tag is made of; `stat` of a file has it. No type of Node, since the Worker compares tags too. */
export interface FileStamp {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ino: bigint;
}

/**
 * A strong validator of a stored file. Its modification time is not the clock's but a stamp that no other value has
 * (`Stamps`): two values of one size within one tick of the clock, or in a reused inode, still differ, and both survive
 * a restart without a place of their own.
 */
export const etagOf = ({ size, mtimeNs, ino }: FileStamp): string =>
  `"${size.toString(36)}-${mtimeNs.toString(36)}-${ino.toString(36)}"`;

/** Modification times that never repeat. */
export class Stamps {
  readonly #now: () => number;
  #last = 0;

  /** @param now milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Seconds since 1970. Steps of 10 microseconds: a double of seconds keeps those apart, single ones it does not. */
  next(): number {
    this.#last = Math.max(this.#last + 10, Math.floor(this.#now() * 1000));
    return this.#last / 1e6;
  }
}

/** Whether a list of entity tags, or `*`, names this one (RFC 9110, 13.1). */
export function names(list: string, etag: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (etag === undefined) return false;
  if (list.trim() === '*') return true;
  const tags = list.split(',').map((tag) => tag.trim());
  return tags.some((tag) => tag === etag || (comparison === 'weak' && tag === `W/${etag}`));
}

/** What a write may find at its key. */
export interface Preconditions {
  readonly ifNoneMatch?: string | undefined;
  readonly ifMatch?: string | undefined;
}

/** @throws ApiProblem `precondition-failed` */
export function checkPreconditions({ ifMatch, ifNoneMatch }: Preconditions, etag: string | undefined): void {
  if (ifNoneMatch !== undefined && names(ifNoneMatch, etag, 'weak')) throw alreadyThere();
  if (ifMatch === undefined || names(ifMatch, etag, 'strong')) return;
  const there = etag === undefined ? 'nothing is' : `${etag} is`;
  throw new ApiProblem(
    'precondition-failed',
    `If-Match does not name what is at the key, where ${there} now; read it again and decide anew.`,
    { field: 'if-match', ...(etag !== undefined && { limit: etag }) },
  );
}

export const alreadyThere = (): ApiProblem =>
  new ApiProblem(
    'precondition-failed',
    'Someone else wrote the key first, and If-None-Match asked for that not to be replaced; read it.',
    { field: 'if-none-match' },
  );

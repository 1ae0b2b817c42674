import { createHash } from 'node:crypto';
import { ApiProblem } from '../problem.ts';
import type { Repository, IdempotencyKey } from './repository.ts';
import type { Submission } from './types.ts';

/**
 * Makes each request with an idempotency key once. The key and the job are stored in one transaction; requests that come
 * while the first is still being checked wait for it and get the same answer.
 */
export class Submissions {
  readonly #repository: Repository;
  readonly #pending = new Map<string, { readonly requestHash: string; readonly id: Promise<string> }>();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /**
   * @param request all that the job depends on, as JSON
   * @param make checks the request and stores the job, with the key when there is one
   * @returns id of the job
   * @throws ApiProblem `idempotency-key-reused`; what `make` throws
   */
  async once(
    request: unknown,
    { owner, idempotencyKey }: Pick<Submission, 'owner' | 'idempotencyKey'>,
    make: (key: IdempotencyKey | undefined) => Promise<string>,
  ): Promise<string> {
    if (idempotencyKey === undefined) return make(undefined);
    const requestHash = createHash('sha256').update(canonical(request)).digest('hex');
    const earlier = this.#repository.keyed(owner, idempotencyKey);
    if (earlier) {
      check(earlier.requestHash, requestHash, idempotencyKey);
      return earlier.id;
    }
    const place = JSON.stringify([owner, idempotencyKey]);
    const pending = this.#pending.get(place);
    if (pending) {
      check(pending.requestHash, requestHash, idempotencyKey);
      return pending.id;
    }
    const id = make({ owner, key: idempotencyKey, requestHash });
    this.#pending.set(place, { requestHash, id });
    try {
      return await id;
    } finally {
      this.#pending.delete(place);
    }
  }
}

function check(first: string, now: string, key: string): void {
  if (first === now) return;
  throw new ApiProblem(
    'idempotency-key-reused',
    `The idempotency key ${key.slice(0, 60)} was used for another request; use a new key for a new request.`,
    { field: 'idempotency-key' },
  );
}

/** JSON with its fields in order, so that a request is the same however its client wrote it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join()}}`;
}

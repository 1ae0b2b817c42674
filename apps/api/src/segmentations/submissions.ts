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
  readonly #pending = new Map<string, Pending>();

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /**
   * @param request all that the job depends on, as JSON
   * @param make checks the request and stores the job, with the key when there is one; its signal aborts when nobody waits
   * @returns id of the job
   * @throws ApiProblem `idempotency-key-reused`; what `make` throws; the signal's reason
   */
  async once(
    request: unknown,
    { owner, idempotencyKey, signal }: Submission,
    make: (key: IdempotencyKey | undefined, signal: AbortSignal) => Promise<string>,
  ): Promise<string> {
    if (idempotencyKey === undefined) return make(undefined, signal);
    const requestHash = createHash('sha256').update(canonical(request)).digest('hex');
    const earlier = this.#repository.keyed(owner, idempotencyKey);
    if (earlier) {
      check(earlier.requestHash, requestHash, idempotencyKey);
      return earlier.id;
    }
    const place = JSON.stringify([owner, idempotencyKey]);
    const pending =
      this.#pending.get(place) ??
      this.#begin(place, requestHash, (abort) => make({ owner, key: idempotencyKey, requestHash }, abort));
    check(pending.requestHash, requestHash, idempotencyKey);
    return waitFor(pending, signal);
  }

  #begin(place: string, requestHash: string, make: (signal: AbortSignal) => Promise<string>): Pending {
    const controller = new AbortController();
    const id = make(controller.signal).finally(() => forget());
    id.catch(() => {}); // whoever waits hears of it
    const pending = { requestHash, id, controller, waiting: 0 };
    this.#pending.set(place, pending);
    const forget = () => {
      if (this.#pending.get(place) === pending) this.#pending.delete(place);
    };
    // what was given up stores no job, so whoever comes now begins anew
    controller.signal.addEventListener('abort', forget, { once: true });
    return pending;
  }
}

interface Pending {
  readonly requestHash: string;
  readonly id: Promise<string>;
  readonly controller: AbortController;
  waiting: number;
}

/** A client that goes ends its own waiting; the work ends when the last one goes. */
function waitFor(pending: Pending, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    pending.waiting++;
    const leave = () => {
      signal.removeEventListener('abort', onAbort);
      pending.waiting--;
    };
    const onAbort = () => {
      leave();
      if (pending.waiting === 0) pending.controller.abort(signal.reason);
      reject(signal.reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    pending.id.then(resolve, reject).finally(leave);
  });
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

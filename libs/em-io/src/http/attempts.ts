/** A request made again while that can help. */
import { EmIoError, isEmIoError, statusError } from '../errors.ts';
import { redact, redactCause, type HttpAddress } from './address.ts';
import { FailedAttempt } from './failures.ts';
import type { FetchResponse, HttpOptions } from './options.ts';
import { problemDetail } from './problem.ts';
import { isRetryable, longestRetryAfter, parseRetryAfter, retryDelay, sleepFor } from './retry.ts';
import { headersFor, send } from './send.ts';
import { watched } from './watch.ts';

const defaultRetries = 5;
const defaultIdleTimeout = 30_000;

/** An upload may take as long as it would at this rate, bytes a ms, before it counts as idle: its progress is not seen. */
const slowestUpload = 32;

/** @internal What to do with a key. */
export interface Task<T> {
  readonly action: 'read' | 'write';
  readonly key: string;
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Reads an answer: 2xx, and for reading 404 and 416. A failure of it that is no `EmIoError` is a failed attempt. */
  use(response: FetchResponse, touch: () => void): Promise<T>;
}

/** @internal Attempts at requests below one address. */
export class Attempts {
  readonly #address: HttpAddress;
  readonly #options: HttpOptions;
  readonly #headers: Record<string, string>;
  readonly #secrets: readonly string[];

  constructor(address: HttpAddress, options: HttpOptions) {
    this.#address = address;
    this.#options = options;
    this.#headers = headersFor(address, options.headers);
    const values = Object.entries(this.#headers).filter(([name]) => name !== 'accept-encoding');
    this.#secrets = [...address.secrets, ...values.flatMap(([, value]) => [value, ...value.split(/\s+/)])];
    const { retries, idleTimeout } = options;
    if (retries !== undefined && !(Number.isSafeInteger(retries) && retries >= 0)) {
      throw new EmIoError('em-io/option', `retries is ${retries}, but must be an integer of 0 or more.`);
    }
    if (idleTimeout !== undefined && !(idleTimeout > 0 && idleTimeout < 2 ** 31)) {
      throw new EmIoError('em-io/option', `idleTimeout is ${idleTimeout}, but must be ms, more than 0.`);
    }
  }

  /** @throws EmIoError, the signal's reason, or what a function given as fetch refused for good. */
  async run<T>(task: Task<T>): Promise<T> {
    const { signal, body } = task;
    const { fetch, retries = defaultRetries, sleep = sleepFor, random = Math.random } = this.#options;
    const idle = (this.#options.idleTimeout ?? defaultIdleTimeout) + (body?.length ?? 0) / slowestUpload;
    const url = this.#address.href(task.key);
    const outgoing = { fetch, url, credentials: this.#headers, headers: task.headers, body };
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await watched(idle, signal, async (own, touch) => {
          const response = await send({ ...outgoing, signal: own });
          touch();
          const { status } = response;
          const absent = task.action === 'read' && (status === 404 || status === 416);
          if (absent || (status >= 200 && status < 300)) return task.use(response, touch);
          throw await this.#refusal(response, task, touch);
        });
      } catch (error) {
        signal?.throwIfAborted();
        const failed = error instanceof FailedAttempt ? error : this.#noAnswer(task, error);
        const wait = retryDelay(attempt, failed.retryAfter, random());
        if (attempt >= retries || wait > longestRetryAfter) throw failed.error(attempt + 1);
        await sleep(wait, signal);
      }
    }
  }

  async #refusal<T>(
    response: FetchResponse,
    { action, key }: Task<T>,
    touch: () => void,
  ): Promise<EmIoError | FailedAttempt> {
    const { status, headers } = response;
    const retryable = isRetryable(status);
    const text = await problemDetail(response, touch);
    const detail = text === undefined ? {} : { detail: redact(text, this.#secrets) };
    const error = statusError(status, action, this.#address.shown + key, { ...detail, retryable });
    if (!retryable) return error;
    const now = (this.#options.now ?? Date.now)();
    return new FailedAttempt(() => error, parseRetryAfter(headers.get('retry-after'), now));
  }

  /** An attempt that ended without an answer; what another could not mend is thrown on. */
  #noAnswer<T>({ action, key }: Task<T>, error: unknown): FailedAttempt {
    const final = error instanceof Error && 'retryable' in error && error.retryable === false;
    if (isEmIoError(error) || final || (error instanceof Error && error.name === 'AbortError')) throw error;
    // fetch says only "fetch failed"; its cause has the reason, or, where several addresses were tried, the first one
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
    const reason = redact(first instanceof Error ? first.message : String(first), this.#secrets);
    return new FailedAttempt(
      (attempts) =>
        new EmIoError(
          'em-io/unreachable',
          `Cannot ${action} ${this.#address.shown}${key}: no whole answer came in ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} ` +
            `(${reason}); check the address and the network, and try again.`,
          { cause: redactCause(error, this.#secrets), retryable: true },
        ),
    );
  }
}

/** When a request is made again, and how long after. */

/** Before the first retry, ms; doubles with each. */
const FIRST_DELAY = 250;
const LONGEST_DELAY = 10_000;

/** A server that wants a longer pause is reported instead of waited for, ms. */
export const LONGEST_RETRY_AFTER = 60_000;

/** Answers that the same request may mend later. 507 is not among them: a full disk is not waited for. */
export function mayMend(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status);
}

/**
 * Requests that may be sent twice: by their method, by their Idempotency-Key, or because the contract says that doing it
 * again changes nothing.
 */
export function isRepeatable(request: Request): boolean {
  if (request.method !== 'POST') return true;
  const { pathname } = new URL(request.url);
  return (
    request.headers.has('idempotency-key') || /\/(seal|cancel)$/.test(pathname) || OF_VERSION.test(pathname)
  );
}

/** By its digest; an alias may have moved by the first request, and the second would mean another version. */
const OF_VERSION = /\/v1\/models\/sha256(?::|%3A)[0-9a-f]{64}\/(?:promote|challenge|retire)$/i;

/**
 * Exponential, half of it random so that many clients do not come back together; never sooner than the server asked for.
 *
 * @param attempt 0 after the first failure
 * @param random in [0, 1)
 */
export function retryDelay(attempt: number, retryAfterMs: number | undefined, random: number): number {
  const backoff = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + random / 2);
  return Math.max(backoff, retryAfterMs ?? 0);
}

/** `Retry-After` in ms from now, of seconds or an HTTP date; undefined where it is neither. */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after');
  if (value === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** A pause that an abort ends with its reason. */
export function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** When a request is made again, and how long after. */

/** Before the first retry, ms; doubles with each. */
const firstDelay = 250;
const longestDelay = 10_000;

/** A server that wants a longer wait is told about instead of waited for, ms. */
export const longestRetryAfter = 120_000;

/** Answers that another attempt may mend: 501, 505, 507, 508 and 511 would be the same again. */
export function isRetryable(status: number): boolean {
  if (status === 408 || status === 425 || status === 429) return true;
  return status >= 500 && ![501, 505, 507, 508, 511].includes(status);
}

/**
 * Exponential backoff with jitter (half of it random, so that many clients do not come back together); never sooner than
 * the server asked for.
 * @param attempt 0 after the first failure
 */
export function retryDelay(attempt: number, retryAfter: number | undefined, random: number): number {
  const backoff = Math.min(longestDelay, firstDelay * 2 ** attempt) * (0.5 + random / 2);
  return Math.max(backoff, retryAfter ?? 0);
}

/** `Retry-After` in ms from now: seconds or an HTTP date (RFC 9110, 10.2.3); undefined where it is neither. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** A pause that an abort ends with its reason. */
export function sleepFor(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

import { ApiProblem } from './problem.ts';

/** Of answers to a body that was not read to its end: the server cuts its connection soon, and no other request may be on it then. */
export const LAST = { connection: 'close' } as const;

/**
 * What `read` gives, unless it takes longer than a sender may pause, or the signal comes first.
 *
 * @throws ApiProblem `body-stalled`; the signal's reason
 */
export function untilIdle<T>(read: Promise<T>, idleMs: number, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    const timer = setTimeout(() => {
      const limit = idleMs / 1000;
      const what = `The body sent nothing for ${limit} s; send it without pauses longer than that.`;
      reject(new ApiProblem('body-stalled', what, { field: 'body', limit, headers: LAST }));
    }, idleMs);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    read.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    });
  });
}

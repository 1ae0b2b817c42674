/** One attempt under watch: it ends when the caller aborts, or when nothing comes for too long. */

/** @internal Nothing came in time. */
export class IdleTimeout extends Error {
  constructor(milliseconds: number) {
    super(`nothing came for ${milliseconds / 1000} s`);
  }
}

/**
 * Runs an attempt with a signal of its own. `touch` says that something came.
 * @throws the caller's reason, `IdleTimeout`, or what the attempt throws
 */
export async function watched<T>(
  idleTimeout: number,
  caller: AbortSignal | undefined,
  attempt: (signal: AbortSignal, touch: () => void) => Promise<T>,
): Promise<T> {
  caller?.throwIfAborted();
  // Not AbortSignal.any: with a long-lived signal it keeps every attempt alive in Node 22.
  const controller = new AbortController();
  const { signal } = controller;
  const forward = () => controller.abort(caller?.reason);
  caller?.addEventListener('abort', forward, { once: true });
  const timer = setTimeout(() => controller.abort(new IdleTimeout(idleTimeout)), idleTimeout);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    // The race, because a function passed as fetch may not heed its signal.
    return await Promise.race([attempt(signal, () => timer.refresh()), aborted]);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    controller.abort(error); // gives back the connection of an answer that nobody reads on
    throw error;
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener('abort', forward);
  }
}

/**
 * Visits items as they are generated, a few at a time. The first failure aborts the others, and is what is thrown.
 *
 * @param visit gets a signal that also ends with the caller's
 */
export async function concurrently<T>(
  items: Iterator<T, void, void>,
  atOnce: number,
  caller: AbortSignal,
  visit: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  caller.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const forward = () => controller.abort(caller.reason);
  caller.addEventListener('abort', forward, { once: true });
  const work = async () => {
    try {
      for (let next = items.next(); !next.done && !signal.aborted; next = items.next())
        await visit(next.value, signal);
    } catch (error) {
      controller.abort(error);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  caller.removeEventListener('abort', forward);
  signal.throwIfAborted();
}

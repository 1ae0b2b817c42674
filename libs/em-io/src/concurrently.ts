/**
 * Visits items, a few at a time. The first failure aborts the others, and is what is thrown.
 * @param visit gets a signal that also ends with the caller's
 */
export async function concurrently<T>(
  items: readonly T[],
  atOnce: number,
  caller: AbortSignal | undefined,
  visit: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const forward = () => controller.abort(caller?.reason);
  if (caller?.aborted) forward();
  caller?.addEventListener('abort', forward, { once: true });
  let next = 0;
  const worker = async () => {
    try {
      while (next < items.length) {
        signal.throwIfAborted();
        await visit(items[next++], signal);
      }
    } catch (error) {
      controller.abort(error);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  caller?.removeEventListener('abort', forward);
  signal.throwIfAborted();
}

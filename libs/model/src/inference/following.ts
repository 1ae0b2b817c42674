/**
 * Work under a signal that aborts with the first of several. `AbortSignal.any` does the same, but keeps something of every
 * call for as long as the longest-lived signal lives (Node 22): here that would be one for each tile of a volume.
 */
export async function following<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onAbort = ({ target }: Pick<Event, 'target'>) => controller.abort((target as AbortSignal).reason); // they alone are listened to
  for (const signal of signals) {
    if (signal.aborted) onAbort({ target: signal });
    signal.addEventListener('abort', onAbort, { once: true });
  }
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', onAbort);
  }
}

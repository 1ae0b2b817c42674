/**
 * A signal that is heard when any of several is. `AbortSignal.any` does the same, but holds on to its sources for as long as
 * they live; this lets go.
 */
export function linked(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; unlink(): void } {
  const controller = new AbortController();
  const listeners = signals.map((signal) => {
    const forward = () => controller.abort(signal.reason);
    if (signal.aborted) forward();
    signal.addEventListener('abort', forward, { once: true });
    return () => signal.removeEventListener('abort', forward);
  });
  return { signal: controller.signal, unlink: () => listeners.forEach((remove) => remove()) };
}

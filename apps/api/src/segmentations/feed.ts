/** Wakes those who wait for news of a job. It carries no news itself: they are in the database, and nothing is lost. */
export class Feed {
  readonly #waiting = new Map<string, Set<() => void>>();

  notify(id: string): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.forEach((wake) => wake());
  }

  /**
   * Resolves at the next news, after `ms`, or when a signal aborts. Several signals, since `AbortSignal.any` over one that
   * lives as long as the server keeps something of every call (Node 22).
   */
  next(id: string, signals: readonly AbortSignal[], ms?: number): Promise<void> {
    if (signals.some((signal) => signal.aborted)) return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, waiting);
      const wake = () => {
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id);
        clearTimeout(timer);
        for (const signal of signals) signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      waiting.add(wake);
      for (const signal of signals) signal.addEventListener('abort', wake, { once: true });
    });
  }
}

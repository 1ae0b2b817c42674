import { ApiProblem } from './problem.ts';

/**
 * Who may come in, and who may run. A request takes a place before its body is read, so that bodies held in memory
 * are bounded, and waits for its turn after it is known to be good, so that a slow upload keeps nobody from running.
 */
export class Admission {
  readonly #concurrency: number;
  readonly #places: number;
  readonly #waiting = new Set<() => void>();
  #inside = 0;
  #running = 0;
  /** Mean of the last runs, for Retry-After. */
  #meanMs = 1000;

  constructor({ concurrency, queue }: { readonly concurrency: number; readonly queue: number }) {
    this.#concurrency = concurrency;
    this.#places = concurrency + queue;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#inside - this.#running;
  }

  /** @throws ApiProblem `busy`, with Retry-After from the length of the last runs */
  async enter<T>(inside: (place: Place) => Promise<T>): Promise<T> {
    if (this.#inside >= this.#places) throw this.#busy();
    this.#inside++;
    try {
      return await inside({ run: (work, signal) => this.#run(work, signal) });
    } finally {
      this.#inside--;
    }
  }

  async #run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running >= this.#concurrency) await this.#turn(signal);
    else this.#running++;
    const start = performance.now();
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      if (!signal.aborted) this.#meanMs += 0.3 * (performance.now() - start - this.#meanMs);
      const next = this.#waiting.values().next().value;
      // The place goes from hand to hand: nobody who comes in between can take it.
      if (next) next();
      else this.#running--;
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#waiting.delete(turn);
        signal.removeEventListener('abort', giveUp);
      };
      const turn = () => {
        done();
        resolve();
      };
      const giveUp = () => {
        done();
        reject(signal.reason);
      };
      if (signal.aborted) return giveUp();
      this.#waiting.add(turn);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #busy(): ApiProblem {
    const rounds = this.#places / this.#concurrency;
    const seconds = Math.min(60, Math.max(1, Math.ceil((this.#meanMs * rounds) / 1000)));
    return new ApiProblem(
      'busy',
      `All ${this.#places} places (${this.#concurrency} running, the rest waiting) are taken; send the request again in ${seconds} s.`,
      { limit: this.#places, headers: { 'retry-after': String(seconds) } },
    );
  }
}

export interface Place {
  run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

import type { ModelPackage } from '@tokenunify/model';
import type { Running } from './running.ts';
import type { Lease } from './types.ts';

/** A version that is loaded, or on its way to be, and who holds it. */
export class LoadedVersion {
  readonly package: ModelPackage;
  /** Asked to go as soon as nobody holds it. */
  draining = false;
  readonly #starting: Promise<Running>;
  readonly #onFree: (version: LoadedVersion) => void;
  #running: Running | undefined;
  #leases = 0;

  /** @param onFree called whenever the last lease ends */
  constructor(model: ModelPackage, starting: Promise<Running>, onFree: (version: LoadedVersion) => void) {
    this.package = model;
    this.#starting = starting;
    this.#onFree = onFree;
    starting.then(
      (running) => (this.#running = running),
      () => {}, // those who wait for it hear of it
    );
  }

  get held(): boolean {
    return this.#leases > 0;
  }

  get ready(): boolean {
    return this.#running !== undefined;
  }

  /** Its process has ended by itself. One that is held starts another with its next tile. */
  get crashed(): boolean {
    return this.#running?.inference.alive === false;
  }

  /** Held from this moment on, also while it starts. */
  async lease(signal: AbortSignal): Promise<Lease> {
    const release = this.#hold();
    try {
      const { inference, segmenter, package: model } = await until(this.#starting, signal);
      return { package: model, inference, segmenter, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Ends its process, also one that is only starting. */
  async close(): Promise<void> {
    await this.#starting.then(
      (running) => running.close(),
      () => {},
    );
  }

  #hold(): () => void {
    this.#leases++;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      if (--this.#leases === 0) this.#onFree(this);
    };
  }
}

function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

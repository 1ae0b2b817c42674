import type { ModelPackage } from '@tokenunify/model';
import { ApiProblem } from '../problem.ts';
import { unavailable } from '../routes/service.ts';
import { LoadedVersion } from './loaded-version.ts';
import type { Running } from './running.ts';
import type { Lease } from './types.ts';

export interface LoadedOptions {
  /** Reads the package, starts its process and warms it. */
  readonly start: (model: ModelPackage, signal: AbortSignal) => Promise<Running>;
  /** Versions that may be loaded at once; a promotion may take one more for a moment. */
  readonly limit: number;
  /** What nobody has held for so long is closed, unless it is kept. */
  readonly idleMs: number;
  /** Must stay loaded: `always`, or `if-there-is-room`. */
  readonly kept: (digest: string) => 'always' | 'if-there-is-room' | undefined;
  /** Calls `work` after so many milliseconds, unless what it returns is called before. */
  readonly after: (ms: number, work: () => void) => () => void;
}

export interface AcquireOptions {
  /** For a promotion: the one before it may go only afterwards. */
  readonly beyondLimit?: boolean;
}

/** The versions that have a process. */
export class LoadedVersions {
  readonly #options: LoadedOptions;
  /** In the order of last use. */
  readonly #versions = new Map<string, LoadedVersion>();
  readonly #timers = new Map<string, () => void>();
  readonly #closings = new Set<Promise<void>>();
  readonly #closed = new AbortController();

  constructor(options: LoadedOptions) {
    this.#options = options;
  }

  isLoaded(digest: string): boolean {
    return this.#versions.get(digest)?.ready === true;
  }

  /** Its process runs; one that crashed is replaced by the next request. */
  isRunning(digest: string): boolean {
    const version = this.#versions.get(digest);
    return version?.ready === true && !version.crashed;
  }

  isHeld(digest: string): boolean {
    return this.#versions.get(digest)?.held === true;
  }

  /**
   * A version, loaded. The lease counts from this call on, before anything is awaited, when it is loaded already.
   *
   * @throws ApiProblem `busy` when as many as may be are held; what starting throws; the signal's reason
   */
  async acquire(model: ModelPackage, signal: AbortSignal, options: AcquireOptions = {}): Promise<Lease> {
    signal.throwIfAborted();
    if (this.#closed.signal.aborted) throw unavailable();
    const version = this.#find(model.digest) ?? this.#open(model, options.beyondLimit === true);
    return version.lease(signal);
  }

  /** Lets a version go as soon as nobody holds it; somebody who asks for it again before keeps it. */
  drain(digest: string): void {
    const version = this.#versions.get(digest);
    if (version === undefined) return;
    version.draining = true;
    if (!version.held) this.#close(version);
  }

  /** To be called when what must be kept has changed. */
  settle(): void {
    for (const version of this.#versions.values()) if (!version.held) this.#rest(version);
  }

  /** Ends all processes; who still holds one has lost it. */
  async close(): Promise<void> {
    this.#closed.abort(unavailable());
    for (const version of [...this.#versions.values()]) this.#close(version);
    await Promise.all(this.#closings);
  }

  #find(digest: string): LoadedVersion | undefined {
    const version = this.#versions.get(digest);
    if (version === undefined) return undefined;
    if (version.crashed && !version.held) {
      this.#close(version); // and loaded again, verified as at first
      return undefined;
    }
    this.#wakeUp(digest);
    version.draining = false;
    this.#versions.delete(digest);
    this.#versions.set(digest, version);
    return version;
  }

  #open(model: ModelPackage, beyondLimit: boolean): LoadedVersion {
    const full = () => this.#versions.size >= this.#options.limit;
    for (let victim = this.#leastUseful(); full() && victim; victim = this.#leastUseful())
      this.#close(victim);
    if (full() && !beyondLimit) throw this.#busy();
    // one after the other, or there would be more processes than the limit for a while
    const room = Promise.all(this.#closings);
    const starting = room.then(() => this.#options.start(model, this.#closed.signal));
    const version = new LoadedVersion(model, starting, (free) => this.#freed(free));
    this.#versions.set(model.digest, version);
    starting.catch(() => {
      if (this.#versions.get(model.digest) !== version) return;
      this.#wakeUp(model.digest); // or it would be the next one of this digest that is closed
      this.#versions.delete(model.digest);
    });
    return version;
  }

  /** Who was not used for the longest time, of those that nobody holds; the challenger last, the champion never. */
  #leastUseful(): LoadedVersion | undefined {
    const free = [...this.#versions.values()].filter((version) => !version.held);
    const { kept } = this.#options;
    return (
      free.find(({ package: { digest } }) => kept(digest) === undefined) ??
      free.find(({ package: { digest } }) => kept(digest) === 'if-there-is-room')
    );
  }

  #freed(version: LoadedVersion): void {
    if (this.#versions.get(version.package.digest) !== version) return;
    const over = this.#versions.size > this.#options.limit && this.#leastUseful() === version;
    if (version.draining || over) this.#close(version);
    else this.#rest(version);
  }

  /** It goes when it has rested for long. */
  #rest(version: LoadedVersion): void {
    const { digest } = version.package;
    const { idleMs, kept, after } = this.#options;
    if (kept(digest) !== undefined) return this.#wakeUp(digest);
    if (this.#timers.has(digest)) return;
    this.#timers.set(
      digest,
      after(idleMs, () => this.#close(version)),
    );
  }

  #wakeUp(digest: string): void {
    this.#timers.get(digest)?.();
    this.#timers.delete(digest);
  }

  #close(version: LoadedVersion): void {
    const { digest } = version.package;
    if (this.#versions.get(digest) === version) {
      this.#wakeUp(digest);
      this.#versions.delete(digest);
    }
    const closing = version.close().finally(() => this.#closings.delete(closing));
    this.#closings.add(closing);
  }

  #busy(): ApiProblem {
    const { limit } = this.#options;
    return new ApiProblem(
      'busy',
      `As many versions as may be loaded (${limit}) are at work; name one of them, send the request again in 5 s, or raise the server's --loaded-models.`,
      { field: 'model', limit, headers: { 'retry-after': '5' } },
    );
  }
}

/** How requests are made. Types of this library's own: Node's `fetch`, undici's and a test's function all fit them. */

/** What is asked of a `FetchLike`. */
export interface FetchInit {
  readonly method: 'GET' | 'PUT';
  readonly headers: Record<string, string>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Redirects are followed here, without credentials where the origin changes; a function that follows them itself is fine. */
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

/** What is used of an answer. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: { getReader(): FetchReader } | null;
}

/** A reader of a web stream of bytes. */
export interface FetchReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(reason?: unknown): Promise<void>;
}

/**
 * The part of `fetch` that is used. What it rejects with is retried, except aborts, `EmIoError`s, and errors whose
 * `retryable` is `false`, which are thrown on as they are: a guard that refuses an address refuses it once.
 */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** For `http:` and `https:` locations; others pass over them. */
export interface HttpOptions {
  /** The global `fetch` unless given. */
  readonly fetch?: FetchLike;
  /** Sent with every request, `authorization` for one, and only to the location's own origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How often a failed request is made again, 5 unless given. */
  readonly retries?: number;
  /** A request to which nothing comes for so long has failed: ms, 30 000 unless given. Uploads get more by their size. */
  readonly idleTimeout?: number;
  /** ms since 1970; `Date.now` unless given. */
  readonly now?: () => number;
  /** Waits between attempts, ms; rejects with the signal's reason. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** In [0, 1); `Math.random` unless given. */
  readonly random?: () => number;
}

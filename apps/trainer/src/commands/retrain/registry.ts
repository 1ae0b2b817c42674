import { isApiError, ApiConnectionError } from '@tokenunify/api/client';
import { isCommandError } from '../../errors.ts';
import type { Reporter } from '../../progress/reporter.ts';
import { createPatience } from '../segment/over-api/patience.ts';
import { messageOf, NightError, nightExitCodes, wrong } from './errors.ts';
import type { ModelName } from './types.ts';

interface Call {
  readonly signal?: AbortSignal;
}
interface Change extends Call {
  readonly expected?: string;
  readonly reason?: string;
}

export interface Deployed {
  readonly champion: ModelName;
  readonly challenger?: ModelName | undefined;
  /** What a roll back would make champion. */
  readonly previous?: ModelName | undefined;
  /** Newest first: which version an alias was taken from. */
  readonly history: readonly { readonly alias: string; readonly from?: ModelName | undefined }[];
}

export interface RegisteredFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a night asks of a server: a part of `ApiClient`. */
export interface Registry {
  deployment(call?: Call): Promise<Deployed>;
  model(reference: string, call?: Call): Promise<ModelName & { readonly files: readonly RegisteredFile[] }>;
  models(call?: Call): AsyncIterable<ModelName>;
  modelFile(reference: string, name: string, call?: Call): Promise<Response>;
  uploadModel(
    archive: ReadableStream<Uint8Array>,
    call?: Call,
  ): Promise<{ readonly model: ModelName; readonly created: boolean }>;
  challengeModel(reference: string, change?: Change): Promise<unknown>;
  promoteModel(reference: string, change?: Change): Promise<unknown>;
  rollBack(change?: Change): Promise<unknown>;
  segment(
    npy: Uint8Array,
    options?: Call & { readonly model?: string },
  ): Promise<{ readonly npy: Uint8Array; readonly model: string }>;
}

export interface AskOptions {
  readonly server: string;
  /** Of silence, after which to give up. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  /** For tests, instead of waiting. */
  readonly sleep?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
  readonly now?: (() => number) | undefined;
}

/** Asks the registry, again and again while it cannot be reached. */
export type Ask = <T>(attempt: () => Promise<T>) => Promise<T>;

/** @throws NightError, which says whether the night can be gone on with; the signal's reason */
export function createAsk({ sleep, now, ...options }: AskOptions): Ask {
  const patience = createPatience({ ...options, ...(sleep && { sleep }), ...(now && { now }) });
  return async (attempt) => {
    try {
      return await patience(attempt);
    } catch (error) {
      if (options.signal.aborted) throw error;
      throw problemOf(error, options.server);
    }
  };
}

/** Codes with which a server says that a package is none to be deployed. */
const refusals = [
  'package-invalid',
  'model-failed-test',
  'version-taken',
  'body-too-large',
  'inference-failed',
  'model-retired',
];

/** What it means for a night that the registry did not do what it was asked. */
export function problemOf(error: unknown, server: string): unknown {
  const unanswered = isCommandError(error, 'trainer/run') ? error.cause : error;
  if (isUnreachable(unanswered))
    return new NightError(
      `The registry at ${server} was not reached: ${messageOf(unanswered)} Start it or mend server.url, then run the same command again.`,
      { exitCode: nightExitCodes.unreachable, resumable: true, cause: error },
    );
  if (!isApiError(error)) return error;
  const { status } = error;
  const code = String(error.code);
  if (status === 401 || status === 403)
    return wrong(
      `The server at ${server} refuses the key (${status}: ${error.message}); put one with the scopes models:read, models:write and segment into the variable TOKENUNIFY_API_KEY.`,
      error,
    );
  if (code === 'not-found' || (status === 404 && error.problem === undefined))
    return wrong(
      `The server at ${server} has no model registry (${error.message}); mend server.url, or bring the server up to date.`,
      error,
    );
  if (status === 422 || refusals.includes(code))
    return new NightError(`The server refuses the challenger: ${error.message}`, {
      ...{ exitCode: nightExitCodes.failed, outcome: 'refused', cause: error },
    });
  if (status === 507)
    return new NightError(
      `The server at ${server} has no room for the challenger (${error.message}); free some there, and run the same command again to go on.`,
      { exitCode: nightExitCodes.failed, resumable: true, cause: error },
    );
  return new NightError(
    `The server at ${server} failed (${status} ${code}: ${error.message}); look into its log, and run the same command again.`,
    { exitCode: nightExitCodes.failed, cause: error },
  );
}

const isUnreachable = (error: unknown): boolean =>
  error instanceof ApiConnectionError ||
  (isApiError(error) && [408, 429, 502, 503, 504].includes(error.status));

/** Whether somebody else moved the alias meanwhile. */
export const isMoved = (error: unknown): boolean =>
  isApiError(error instanceof NightError ? error.cause : error, 'alias-moved');

export const sayModel = ({ name, version, digest }: ModelName): string =>
  `${name} ${version} (${digest.slice(0, 19)})`;

/** Nothing is promoted over a champion that nobody compared with. */
export function championChanged(from: ModelName, to: ModelName): NightError {
  return new NightError(
    `The champion changed from ${sayModel(from)} to ${sayModel(to)} while the night ran, so nothing was promoted; run the same command again to train from the new one.`,
    { exitCode: nightExitCodes.failed, settled: true, serving: to },
  );
}

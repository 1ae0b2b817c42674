/** Answers that are none, in words. */
import { EmIoError } from '../errors.ts';
import type { FetchResponse } from './options.ts';
import type { ByteRange } from './range.ts';

/** @internal A failed attempt that another may mend; `error` is what to throw when there is none. */
export class FailedAttempt extends Error {
  readonly error: (attempts: number) => EmIoError;
  readonly retryAfter: number | undefined;

  constructor(error: (attempts: number) => EmIoError, retryAfter?: number) {
    super('failed attempt');
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/** @internal A success that is not what was asked for: the same would come again. */
export function unexpected(response: FetchResponse, shown: string, why: string): EmIoError {
  return new EmIoError(
    'em-io/http',
    `Cannot read ${shown}: the server's answer ${response.status} is not what was asked for (${why}); ` +
      'serve it by a server that supports Range requests.',
    { status: response.status, retryable: false },
  );
}

/** @internal */
export function tooShort(shown: string, range: ByteRange, total: number | undefined): EmIoError {
  const wanted =
    'suffixLength' in range
      ? `the last ${range.suffixLength} bytes`
      : `bytes ${range.offset} to ${range.offset + range.length}`;
  return new EmIoError(
    'em-io/truncated',
    `${shown} is truncated: ${wanted} of it are needed, but there are ${total ?? 'fewer'}; copy it again.`,
  );
}

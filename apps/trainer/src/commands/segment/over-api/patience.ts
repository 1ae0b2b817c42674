import { ApiConnectionError, isApiError } from '@tokenunify/api/client';
import { isEmIoError } from '@tokenunify/em-io';
import { CommandError } from '../../../errors.ts';
import type { Reporter } from '../../../progress/reporter.ts';

/**
 * Runs something that asks the server, again and again while the server cannot be reached.
 *
 * @param attempt may say that it heard something, if it takes long
 * @param own ends the pauses, where it is narrower than the command's
 */
export type Patience = <T>(attempt: (heard: () => void) => Promise<T>, own?: AbortSignal) => Promise<T>;

export interface PatienceOptions {
  /** Of silence, after which to give up. */
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
  readonly now?: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
}

const LONGEST_PAUSE = 30_000;

/**
 * One patience for all that a command does: several attempts at a time fail for the same reason, and one that succeeds
 * says that the server is back.
 *
 * @throws CommandError `trainer/run` when the server was silent for too long; whatever waiting does not mend
 */
export function createPatience(options: PatienceOptions): Patience {
  const { seconds, signal, reporter, now = Date.now, sleep = pause, random = Math.random } = options;
  let silentSince: number | undefined;
  const heard = () => {
    if (silentSince !== undefined) reporter.note('The server answers again.');
    silentSince = undefined;
  };
  return async (attempt, own = signal) => {
    for (let failures = 0; ; failures++) {
      try {
        const value = await attempt(() => {
          failures = 0;
          heard();
        });
        heard();
        return value;
      } catch (error) {
        own.throwIfAborted();
        if (!isPassing(error)) throw error;
        if (silentSince === undefined) {
          silentSince = now();
          reporter.note(`${messageOf(error)} Trying again for ${seconds} s.`);
        }
        const left = silentSince + 1000 * seconds - now();
        if (left <= 0)
          throw new CommandError(
            'trainer/run',
            `${messageOf(error)} That went on for ${seconds} s; run the same command again to go on from here.`,
            error,
          );
        const backoff = Math.min(LONGEST_PAUSE, 500 * 2 ** Math.min(failures, 10)) * (0.5 + random() / 2);
        const wanted = isApiError(error) ? 1000 * (error.retryAfterSeconds ?? 0) : 0;
        await sleep(Math.min(Math.max(backoff, wanted), left), own);
      }
    }
  };
}

/** Nobody answers, or what answers says that it will later. A failure inside the server (500) is no matter of waiting. */
function isPassing(error: unknown): boolean {
  if (isApiError(error))
    return [408, 429, 502, 503, 504].includes(error.status) || error.code === 'request-in-progress';
  if (isEmIoError(error, 'em-io/unreachable', 'em-io/http'))
    return error.retryable === true && error.status !== 500;
  return error instanceof ApiConnectionError;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

import { LAST, untilIdle } from './idle.ts';
import { ApiProblem, isApiProblem } from './problem.ts';

export interface WatchOptions {
  /** What the request says that the body has. */
  readonly length: number | undefined;
  /** A body that sends nothing for so long is given up. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** What to say of a body of nothing. */
  readonly missing: () => ApiProblem;
}

/**
 * The body as it comes, for whoever reads it to its end: it fails when the sender stops, leaves, or sends less than it
 * said. Nothing of it is held here.
 *
 * @throws ApiProblem of the stream: `body-stalled`, `body-interrupted`, what `missing` gives; the signal's reason
 */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  { length, idleMs, signal, missing }: WatchOptions,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let size = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await untilIdle(reader.read(), idleMs, signal);
          if (!done) {
            size += value.length;
            return controller.enqueue(value);
          }
        } catch (error) {
          // Not awaited: a sender that has stalled may never let the stream end.
          reader.cancel(error).catch(() => {});
          if (signal.aborted) throw signal.reason;
          throw isApiProblem(error) ? error : interrupted(size, length, error);
        }
        if (length !== undefined && size !== length) throw interrupted(size, length, undefined);
        if (size === 0) throw missing();
        controller.close();
      },
      cancel(reason) {
        reader.cancel(reason).catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}

const interrupted = (size: number, length: number | undefined, cause: unknown): ApiProblem =>
  new ApiProblem(
    'body-interrupted',
    `The body ended after ${size} bytes${length === undefined ? '' : ` of ${length}`}, and nothing of it was kept; send it again.`,
    { field: 'body', value: size, ...(length !== undefined && { limit: length }), headers: LAST, cause },
  );

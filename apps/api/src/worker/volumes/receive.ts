import { ApiProblem } from '../../problem.ts';
import type { PutOptions } from '../../volumes/types.ts';
import { MAX_BODY_BYTES } from '../limits.ts';
import { MOST_WRITE_MS } from './writes.ts';

/** @throws ApiProblem `invalid-header`: R2 wants to know the length before the first byte; `body-too-large` */
export function checkLength(length: number | undefined, most = MAX_BODY_BYTES): number {
  if (length === undefined || !Number.isSafeInteger(length) || length < 0) {
    throw new ApiProblem(
      'invalid-header',
      'The request has no content-length, and a value of unknown length cannot be stored here; send the value with its length.',
      { field: 'content-length' },
    );
  }
  if (length > most) {
    throw new ApiProblem(
      'body-too-large',
      `The value has ${length} bytes, the limit is ${most} bytes; write smaller chunks.`,
      { field: 'body', value: length, limit: most },
    );
  }
  if (length > 0) return length;
  throw new ApiProblem('body-missing', 'The body is empty, which no Zarr codec makes; send the value.', {
    field: 'body',
  });
}

/**
 * Streams a body of known length into the bucket. The pipe is the runtime's own from end to end: with a step in
 * JavaScript it would leave all of the body behind as garbage.
 *
 * @returns null when the condition does not hold
 * @throws ApiProblem `body-interrupted`, `body-stalled`; nothing of the body is kept then
 */
export async function receive(
  bucket: R2Bucket,
  name: string,
  body: ReadableStream<Uint8Array>,
  { length, onlyIf, signal }: { length: number; onlyIf: Headers; signal: PutOptions['signal'] },
): Promise<R2Object | null> {
  const fixed = new FixedLengthStream(length);
  const late = AbortSignal.timeout(MOST_WRITE_MS);
  const done = new AbortController();
  const flowing = body
    .pipeTo(fixed.writable, { signal: AbortSignal.any([signal, late, done.signal]) })
    // whatever it is, R2 hears of it
    .catch(() => {});
  try {
    return await bucket.put(name, fixed.readable, { onlyIf });
  } catch (error) {
    if (signal.aborted) throw new DOMException('The client has gone.', 'AbortError');
    if (late.aborted) throw stalled();
    throw isOfBucket(error) ? error : interrupted(length, error);
  } finally {
    // R2 does not read the body when the condition fails, and the pipe would wait for ever.
    done.abort();
    await flowing;
  }
}

/** What R2 itself refuses ends in its code: `put: We encountered an internal error (10001)`. */
const isOfBucket = (error: unknown): boolean => error instanceof Error && /\(\d{5}\)$/.test(error.message);

/** The same stream, which fails unless it has so many bytes. For what is small enough to be held. */
export function ofLength(length: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      seen += bytes.byteLength;
      if (seen > length) controller.error(interrupted(length));
      else controller.enqueue(bytes);
    },
    flush(controller) {
      if (seen < length) controller.error(interrupted(length));
    },
  });
}

const interrupted = (length: number, cause?: unknown): ApiProblem =>
  new ApiProblem(
    'body-interrupted',
    `The ${length} bytes that the content-length says did not arrive, and nothing of the body was kept; send it again.`,
    { field: 'body', limit: length, cause },
  );

const stalled = (): ApiProblem =>
  new ApiProblem(
    'body-stalled',
    `The value took more than ${MOST_WRITE_MS / 60_000} minutes, and nothing of it was kept; write smaller chunks.`,
    { field: 'body' },
  );

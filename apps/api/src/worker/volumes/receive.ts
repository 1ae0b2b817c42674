import { ApiProblem, isApiProblem } from '../../problem.ts';
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
 * Streams a body of known length into the bucket; memory does not grow with it.
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
  let failure: unknown;
  const flowing = body
    .pipeThrough(ofLength(length))
    .pipeTo(fixed.writable, { signal: AbortSignal.any([signal, late, done.signal]) })
    .catch((error: unknown) => {
      if (!done.signal.aborted) failure = error;
    });
  try {
    return await bucket.put(name, fixed.readable, { onlyIf });
  } catch (error) {
    // R2 hears of a body that breaks off before the pipe does.
    await Promise.race([flowing, new Promise((resolve) => setTimeout(resolve, 100))]);
    if (signal.aborted) throw new DOMException('The client has gone.', 'AbortError');
    if (late.aborted) throw stalled();
    throw isApiProblem(failure) ? failure : error;
  } finally {
    // R2 does not read the body when the condition fails, and the pipe would wait for ever.
    done.abort();
    await flowing;
  }
}

/**
 * The same stream, which fails unless it has so many bytes. FixedLengthStream refuses other lengths too, in words that do
 * not differ from those of R2's own failures.
 */
export function ofLength(length: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, controller) {
      seen += bytes.byteLength;
      if (seen > length) controller.error(interrupted(seen, length));
      else controller.enqueue(bytes);
    },
    flush(controller) {
      if (seen < length) controller.error(interrupted(seen, length));
    },
  });
}

const interrupted = (seen: number, length: number): ApiProblem =>
  new ApiProblem(
    'body-interrupted',
    `The body has ${seen} bytes and its content-length says ${length}; nothing of it was kept, send it again.`,
    { field: 'body', value: seen, limit: length },
  );

const stalled = (): ApiProblem =>
  new ApiProblem(
    'body-stalled',
    `The value took more than ${MOST_WRITE_MS / 60_000} minutes, and nothing of it was kept; write smaller chunks.`,
    { field: 'body' },
  );

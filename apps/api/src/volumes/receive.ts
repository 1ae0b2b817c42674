import type { FileHandle } from 'node:fs/promises';
import { LAST, untilIdle } from '../idle.ts';
import { ApiProblem, isApiProblem } from '../problem.ts';

export interface Reception {
  /** What the request says the body has. */
  readonly length: number | undefined;
  readonly maxBytes: number;
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** Called with what is about to be written; throws when there is no room for it. */
  readonly grow: (bytes: number) => void;
}

/** @throws ApiProblem `body-too-large` for a length that is */
export function checkLength(length: number | undefined, maxBytes: number): void {
  if (length !== undefined && length > maxBytes) throw tooLarge(`${length} bytes`, maxBytes);
}

/**
 * Writes a body to a file as it comes, never more of it in memory than one piece.
 *
 * @returns its bytes
 * @throws ApiProblem `body-missing`, `body-too-large`, `body-stalled`, `body-interrupted`; what writing throws
 */
export async function receive(
  body: ReadableStream<Uint8Array> | null,
  file: Pick<FileHandle, 'write'>,
  reception: Reception,
): Promise<number> {
  const { length, maxBytes, idleMs, signal, grow } = reception;
  if (body === null) throw missing();
  const reader = body.getReader();
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await untilIdle(reader.read(), idleMs, signal).catch((error: unknown) => {
        throw isApiProblem(error) ? error : interrupted(size, length, error);
      });
      if (done) break;
      if (size + value.length > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`, maxBytes);
      grow(value.length);
      await writeAll(file, value);
      size += value.length;
    }
  } catch (error) {
    // Not awaited: a sender that has stalled may never let the stream end.
    reader.cancel(error).catch(() => {});
    throw error;
  }
  if (length !== undefined && size !== length) throw interrupted(size, length, undefined);
  if (size === 0) throw missing();
  return size;
}

/** One write may take less than it was given, as on a disk that is nearly full. */
async function writeAll(file: Pick<FileHandle, 'write'>, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += (await file.write(bytes, offset, bytes.length - offset)).bytesWritten;
  }
}

const interrupted = (size: number, length: number | undefined, cause: unknown): ApiProblem =>
  new ApiProblem(
    'body-interrupted',
    `The body ended after ${size} bytes${length === undefined ? '' : ` of ${length}`}, and nothing of it was kept; send it again.`,
    { field: 'body', value: size, ...(length !== undefined && { limit: length }), headers: LAST, cause },
  );

const missing = (): ApiProblem =>
  new ApiProblem('body-missing', 'The body is empty, which no Zarr codec makes; send the value.', {
    field: 'body',
  });

const tooLarge = (what: string, limit: number): ApiProblem =>
  new ApiProblem(
    'body-too-large',
    `The value has ${what}, the limit is ${limit} bytes; write smaller chunks, or raise the server's limit.`,
    { field: 'body', limit, headers: LAST },
  );

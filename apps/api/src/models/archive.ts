import { open } from 'node:fs/promises';
import { LAST } from '../idle.ts';
import { ApiProblem } from '../problem.ts';

/**
 * Writes an archive to a file as it arrives, never more of it in memory than one piece.
 *
 * @throws ApiProblem `body-too-large`; what the archive or the file fails with, as it is
 */
export async function writeArchive(
  archive: ReadableStream<Uint8Array>,
  path: string,
  { length, maxBytes }: { readonly length: number | undefined; readonly maxBytes: number },
): Promise<void> {
  const reader = archive.getReader();
  try {
    if (length !== undefined && length > maxBytes) throw tooLarge(`${length} bytes`, maxBytes);
    const file = await open(path, 'wx');
    try {
      for (let size = 0; ;) {
        const { done, value } = await reader.read();
        if (done) return;
        size += value.length;
        if (size > maxBytes) throw tooLarge(`more than ${maxBytes} bytes`, maxBytes);
        for (let offset = 0; offset < value.length;) {
          // less than it was given, as on a disk that is nearly full
          offset += (await file.write(value, offset)).bytesWritten;
        }
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    // Not awaited: a sender that has stalled may never let the stream end.
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

const tooLarge = (what: string, limit: number): ApiProblem =>
  new ApiProblem(
    'body-too-large',
    `The archive has ${what}, the limit is ${limit} bytes; leave out what is not of the package, or raise the server's --max-model-bytes.`,
    { field: 'body', limit, headers: LAST },
  );

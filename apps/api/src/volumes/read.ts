import { constants, type BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { unless, type Files } from './files.ts';

/** Read at once: what is in memory of a value that is on its way out. */
const PIECE = 256 * 1024;

/** A stored value, opened: it can be read to its end whatever happens to its name. */
export async function openValue(
  files: Files,
  path: string,
): Promise<{ readonly file: FileHandle; readonly stats: BigIntStats } | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const file = await unless(files.open(path, flags), 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP');
  if (!file) return undefined;
  try {
    const stats = await file.stat({ bigint: true });
    if (stats.isFile()) return { file, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** Bytes `start` to `end`, both included, as they are asked for; the file is closed behind them or on cancel. */
export function streamOf(file: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let at = start;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const want = Math.min(PIECE, end - at + 1);
          if (want > 0) {
            const { buffer, bytesRead } = await file.read(new Uint8Array(want), 0, want, at);
            if (bytesRead === 0) throw new Error(`The stored file ends at ${at}, before its size said.`);
            at += bytesRead;
            controller.enqueue(buffer.subarray(0, bytesRead));
          }
          if (at <= end) return;
          await file.close();
          controller.close();
        } catch (error) {
          await file.close().catch(() => {});
          throw error;
        }
      },
      cancel: () => file.close(),
    },
    // nothing is read before it is asked for: HEAD and 304 cancel
    { highWaterMark: 0 },
  );
}

import { etagOf, type Stamps } from './etag.ts';
import type { Files } from './files.ts';
import type { HeldVolume } from './held.ts';
import type { VolumeLimits } from './limits.ts';
import { isZarrMetadataKey, parseMetadata } from './metadata.ts';
import { checkLength, receive } from './receive.ts';
import type { Room } from './room.ts';
import type { PutOptions } from './types.ts';

export interface PutContext {
  readonly files: Files;
  readonly limits: VolumeLimits;
  readonly stamps: Stamps;
  readonly room: Room;
  /**
   * Asked under the volume's mutex: it may have been sealed or deleted since the request came.
   *
   * @throws ApiProblem `volume-not-found`, `volume-sealed`
   */
  readonly checkOpen: () => void;
}

/** Receives a value beside its place, then puts it there: readers find the old one or the new one, whole. */
export async function putValue(
  volume: HeldVolume,
  key: string,
  body: ReadableStream<Uint8Array> | null,
  options: PutOptions,
  context: PutContext,
): Promise<{ readonly etag: string; readonly created: boolean }> {
  const { files, limits, room, checkOpen } = context;
  const { mutex } = volume;
  const maxBytes = isZarrMetadataKey(key) ? limits.maxMetadataBytes : limits.maxValueBytes;
  checkLength(options.length, maxBytes);
  const { path, file } = await mutex.run(async () => {
    checkOpen();
    // what can be refused is refused before the body has come
    await volume.check(key, options);
    return volume.temporary();
  });
  const arrival = room.arrival();
  try {
    const size = await volume.arriving(options.signal, (signal) =>
      receive(body, file, {
        length: options.length,
        maxBytes,
        idleMs: limits.bodyIdleMs,
        signal,
        grow: arrival.grow,
      }),
    );
    const stamp = context.stamps.next();
    await file.utimes(stamp, stamp);
    const etag = etagOf(await file.stat({ bigint: true }));
    await file.close();
    const document = isZarrMetadataKey(key) ? parseMetadata(key, await files.readFile(path)) : undefined;
    const created = await mutex.run(() => {
      checkOpen();
      return volume.place(key, { path, size, document }, options);
    });
    return { etag, created };
  } catch (error) {
    if (volume.gone) checkOpen();
    throw error;
  } finally {
    // what cannot be cleared away now is swept when the server starts
    await file.close().catch(() => {});
    await files.rm(path, { force: true }).catch(() => {});
    arrival.end();
  }
}

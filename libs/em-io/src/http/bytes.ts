/** One file on a server, read by ranges. */
import { EmIoError } from '../errors.ts';
import { headerBytesToRead } from '../npy/header.ts';
import type { OpenedBytes } from '../npy/open.ts';
import type { HttpClient } from './client.ts';

/** Ranges under way at a time: each takes a trip to the server. */
const parallel = 8;

/**
 * @internal The file at the client's address, with its first bytes.
 * @throws `em-io/not-found`
 */
export async function openHttpBytes(client: HttpClient, signal?: AbortSignal): Promise<OpenedBytes> {
  const path = client.address.shown;
  const first = await client.getRange('', { offset: 0, length: headerBytesToRead }, signal, true);
  if (!first) throw new EmIoError('em-io/not-found', `${path} does not exist; check the address.`);
  return {
    head: first.bytes,
    ...(first.total !== undefined && { size: first.total }),
    source: {
      path,
      parallel,
      async read(target, position, signal) {
        if (target.length === 0) return;
        const answer = await client.getRange('', { offset: position, length: target.length }, signal);
        if (!answer || (first.tag !== undefined && answer.tag !== undefined && answer.tag !== first.tag)) {
          throw new EmIoError('em-io/io', `${path} was replaced while it was read; open it again.`);
        }
        target.set(answer.bytes);
      },
    },
    close: async () => {},
  };
}

import type { Context } from 'hono';
import type { Handlers } from '../contract/index.ts';
import type { Env } from '../environment.ts';
import type { Gate } from '../gate.ts';
import { ApiProblem } from '../problem.ts';
import { names } from '../volumes/etag.ts';
import { parseRange } from '../volumes/range.ts';
import type { StoredValue, VolumeStore } from '../volumes/types.ts';

type VolumeHandlers<E extends Env> = Pick<
  Handlers<E>,
  | 'createVolume'
  | 'listVolumes'
  | 'getVolume'
  | 'sealVolume'
  | 'deleteVolume'
  | 'putKey'
  | 'getKey'
  | 'deleteKey'
>;

/** Stored volumes over HTTP, on any store of them: a directory here, a bucket in the Worker. */
export function volumeHandlers<E extends Env>(
  storeOf: (c: Context<E>) => VolumeStore,
  uploads?: Gate,
): VolumeHandlers<E> {
  return {
    createVolume: async (c) => {
      const volume = await storeOf(c).create(c.req.valid('json'));
      return c.json(volume, 201, { location: volume.url });
    },
    listVolumes: async (c) => c.json(await storeOf(c).list(c.req.valid('query')), 200),
    getVolume: async (c) => c.json(await storeOf(c).get(c.req.valid('param').id), 200),
    sealVolume: async (c) => c.json(await storeOf(c).seal(c.req.valid('param').id, c.req.valid('json')), 200),
    deleteVolume: async (c) => {
      await storeOf(c).delete(c.req.valid('param').id);
      return c.body(null, 204);
    },
    putKey: async (c, { id, key }) => {
      const { headers, body, signal } = c.req.raw;
      refuseEncoding(headers);
      const length = headers.get('content-length');
      const leave = uploads?.enter();
      try {
        const { etag, created } = await storeOf(c).put(id, key, body, {
          ...(length !== null && { length: Number(length) }),
          ifNoneMatch: headers.get('if-none-match') ?? undefined,
          ifMatch: headers.get('if-match') ?? undefined,
          signal,
        });
        return c.body(null, created ? 201 : 204, { etag });
      } finally {
        leave?.();
      }
    },
    getKey: async (c, { id, key }) => {
      const head = c.req.method === 'HEAD';
      // HEAD has no ranges (RFC 9110, 14.2)
      const range = head ? undefined : parseRange(c.req.header('range'));
      const read = (asked: typeof range) => storeOf(c).read(id, key, { range: asked });
      const known = c.req.header('if-none-match');
      const condition = c.req.header('if-range');
      let value = await read(known === undefined && condition === undefined ? range : undefined);
      const headers = {
        etag: value.etag,
        'accept-ranges': 'bytes',
        'content-type': /(^|\/)(zarr\.json|\.z\w+)$/.test(key)
          ? 'application/json'
          : 'application/octet-stream',
        'cache-control': 'no-cache',
      };
      if (known !== undefined && names(known, value.etag, 'weak')) {
        await value.body.cancel();
        return c.body(null, 304, headers);
      }
      if (head) {
        await value.body.cancel();
        return c.body(null, 200, { ...headers, 'content-length': String(value.size) });
      }
      const partial = range !== undefined && (condition === undefined || condition === value.etag);
      if (partial && (known !== undefined || condition !== undefined)) {
        // only now is it known that a range is wanted: one that lies outside must not hide a 304
        await value.body.cancel();
        value = await read(range);
      }
      const answer = {
        ...headers,
        etag: value.etag,
        'content-length': String(value.end - value.start + 1),
        ...(partial && { 'content-range': contentRange(value) }),
      };
      return c.body(value.body, partial ? 206 : 200, answer);
    },
    deleteKey: async (c, { id, key }) => {
      await storeOf(c).remove(id, key);
      return c.body(null, 204);
    },
  };
}

const contentRange = ({ start, end, size }: StoredValue): string => `bytes ${start}-${end}/${size}`;

/** Chunks are compressed by their codecs; a second compression would be stored as if it were one of them. */
function refuseEncoding(headers: Headers): void {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding === undefined || encoding === 'identity') return;
  throw new ApiProblem(
    'unsupported-content-encoding',
    `The content encoding is ${encoding}; send the value as its Zarr codecs made it.`,
    { field: 'content-encoding', value: encoding, limit: 'identity' },
  );
}

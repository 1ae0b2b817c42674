import { describe, expect, test } from 'vitest';
import {
  bindings,
  posted,
  put,
  testWorker,
  written,
  zarrJson,
  type ProblemBody,
} from '../testing.fixture.ts';
import type { VolumeJson, VolumePage } from '../../volumes/types.ts';
import { MOST_WRITE_MS } from './writes.ts';
import { documentsOf, nameOf, stateNameOf, valuesOf, writesOf } from './names.ts';
import { readState, replaceState, stateOf } from './state.ts';

const bucket = bindings.VOLUMES as R2Bucket;
const worker = testWorker();
const { send, json } = worker;

const create = async (): Promise<string> =>
  (await json<VolumeJson>('/v1/volumes', posted({ name: 'raw' }))).body.id;
const codeOf = async (path: string, init?: RequestInit) => {
  const { status, body } = await json<ProblemBody>(path, init);
  return `${status} ${body.code}`;
};
const seal = (id: string, body: object = {}) => json<VolumeJson>(`/v1/volumes/${id}/seal`, posted(body));
const everything = async (id: string): Promise<string[]> => {
  const found = await bucket.list();
  return found.objects.map(({ key }) => key).filter((key) => key.includes(id) || key === stateNameOf(id));
};

describe('a volume', () => {
  test('is made, written, sealed, read and deleted', async () => {
    const made = await send('/v1/volumes', posted({ name: 'raw' }));
    const volume = await made.json<VolumeJson>();
    expect(made.status).toBe(201);
    expect(volume).toMatchObject({ name: 'raw', state: 'open', bytes: 0, arrays: [] });
    expect(volume.id).toMatch(/^vol_[0-9a-z]{10}w[0-9a-z]{9}$/);
    expect(made.headers.get('location')).toBe(volume.url);
    const root = volume.url;
    expect((await send(`${root}/zarr.json`, put(zarrJson()))).status).toBe(201);
    expect((await send(`${root}/c/0`, put('ab'))).status).toBe(201);
    expect((await send(`${root}/c/0`, put('xy'))).status).toBe(204);
    expect((await json<VolumeJson>(root)).body.arrays).toEqual([
      { path: '', shape: [4], dtype: 'uint8', chunkShape: [2], chunks: 1, chunksOfGrid: 2 },
    ]);
    await send(`${root}/c/1`, put('cd'));
    const sealed = await seal(volume.id);
    expect(sealed.status).toBe(200);
    expect(sealed.body).toMatchObject({ state: 'sealed', bytes: 4 + zarrJson().length });
    expect(sealed.body.arrays[0]).toMatchObject({ chunks: 2 });
    expect((await json<VolumeJson>(root)).body).toEqual(sealed.body);
    expect(await (await send(`${root}/c/0`)).text()).toBe('xy');
    expect((await send(root, { method: 'DELETE' })).status).toBe(204);
    expect(await everything(volume.id)).toEqual([]);
  });

  test('is listed newest first, page by page, none twice and none left out', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push(await create());
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const listed: string[] = [];
    let cursor: string | undefined = undefined;
    do {
      const path: string = `/v1/volumes?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`;
      const { body }: { body: VolumePage } = await json<VolumePage>(path);
      expect(body.items.length).toBeLessThanOrEqual(2);
      listed.push(...body.items.map(({ id }) => id));
      cursor = body.next;
    } while (cursor !== undefined);
    expect(listed.filter((id) => ids.includes(id))).toEqual(ids.reverse());
  });

  test('is deleted by a second request when the first was interrupted', async () => {
    const id = await written(worker);
    await bucket.delete(stateNameOf(id)); // as far as an interrupted one may come
    worker.container.answer = () => Response.json({ code: 'volume-not-found' }, { status: 404 });
    expect((await send(`/v1/volumes/${id}/c/0`)).status).toBe(404);
    worker.container.answer = () => Response.json({ items: [] });
    expect((await send(`/v1/volumes/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect(await everything(id)).toEqual([]);
  });

  test('of more than a thousand keys is counted and deleted whole', async () => {
    const id = await create();
    await send(`/v1/volumes/${id}/zarr.json`, put(zarrJson(2200)));
    for (let i = 0; i < 1100; i++) await bucket.put(nameOf(id, `c/${i}`), 'ab');
    expect((await seal(id)).body.arrays[0]).toMatchObject({ chunks: 1100 });
    expect((await send(`/v1/volumes/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await bucket.list({ prefix: valuesOf(id) })).objects).toEqual([]);
  });
});

describe('a value', () => {
  test('is read in ranges, also from the end', async () => {
    const id = await create();
    const key = `/v1/volumes/${id}/c/0`;
    const etag = (await send(key, put('0123456789'))).headers.get('etag');
    const ranged = async (range: string) => {
      const response = await send(key, { headers: { range } });
      const { headers, status } = response;
      return [status, headers.get('content-range'), headers.get('content-length'), await response.text()];
    };
    expect(await ranged('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '3', '234']);
    expect(await ranged('bytes=8-')).toEqual([206, 'bytes 8-9/10', '2', '89']);
    expect(await ranged('bytes=8-99')).toEqual([206, 'bytes 8-9/10', '2', '89']);
    expect(await ranged('bytes=-3')).toEqual([206, 'bytes 7-9/10', '3', '789']);
    expect(await ranged('bytes=-99')).toEqual([206, 'bytes 0-9/10', '10', '0123456789']);
    expect(await ranged('lines=1-2')).toEqual([200, null, '10', '0123456789']);
    for (const range of ['bytes=10-', 'bytes=10-12', 'bytes=-0', 'bytes=0-1,3-4'])
      expect(await codeOf(key, { headers: { range } })).toBe('416 range-not-satisfiable');
    const head = await send(key, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag')]).toEqual([
      200,
      '10',
      etag,
    ]);
    expect((await send(key, { headers: { 'if-none-match': etag ?? '' } })).status).toBe(304);
    expect((await send(key, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    expect(await codeOf(`/v1/volumes/${id}/c/7`)).toBe('404 key-not-found');
  });

  test('is written under a condition, by exactly one of many who race', async () => {
    const id = await create();
    const key = `/v1/volumes/${id}/c/0`;
    const race = (headers: (i: number) => Record<string, string>) =>
      Promise.all(Array.from({ length: 8 }, (_, i) => send(key, put(`w${i}`, headers(i)))));
    const first = await race(() => ({ 'if-none-match': '*' }));
    expect(first.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(412)]);
    const winner = first.findIndex(({ status }) => status === 201);
    expect(await (await send(key)).text()).toBe(`w${winner}`);
    const etag = first[winner]?.headers.get('etag') ?? '';
    const second = await race(() => ({ 'if-match': etag }));
    // R2 keeps a digest as etag: writing the same again does not change it
    expect(second.filter(({ status }) => status === 204).length).toBeLessThanOrEqual(2);
    expect(second.filter(({ status }) => status === 204).length).toBeGreaterThanOrEqual(1);
    expect(await codeOf(key, put('zz', { 'if-match': '"other"' }))).toBe('412 precondition-failed');
    expect(await codeOf(`/v1/volumes/${id}/c/1`, put('zz', { 'if-match': '*' }))).toBe(
      '412 precondition-failed',
    );
  });

  test('is not written when If-Match is no entity tag, and is when If-None-Match is none: neither names a value', async () => {
    const id = await create();
    const document = `/v1/volumes/${id}/zarr.json`;
    const chunk = `/v1/volumes/${id}/c/0`;
    for (const [key, body] of [
      [document, zarrJson()],
      [chunk, 'ab'],
    ] as const) {
      for (const tag of ['x', '', '"x', 'W/"x"', 'x, y', 'x, *'])
        expect([tag, await codeOf(key, put(body, { 'if-match': tag }))]).toEqual([
          tag,
          '412 precondition-failed',
        ]);
      for (const tag of ['x', '', 'x, y'])
        expect((await send(key, put(body, { 'if-none-match': tag }))).ok).toBe(true);
      const etag = (await send(key)).headers.get('etag') ?? '';
      expect(await codeOf(key, put(body, { 'if-match': `W/${etag}` }))).toBe('412 precondition-failed');
      for (const tag of [etag, `W/${etag}`, `x, ${etag}`])
        expect(await codeOf(key, put(body, { 'if-none-match': tag }))).toBe('412 precondition-failed');
      expect((await send(key, put(body, { 'if-match': `x, "y", ${etag}` }))).status).toBe(204);
    }
    expect(await codeOf('/v1/volumes/vol_0000000000w000000000/c/0', put('ab', { 'if-match': 'x' }))).not.toBe(
      '412 precondition-failed',
    );
  });

  test('needs a length, a body, a key of Zarr, and metadata that is some', async () => {
    const id = await create();
    const key = `/v1/volumes/${id}/c/0`;
    const stream = () =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(3));
          controller.close();
        },
      });
    expect(await codeOf(key, { method: 'PUT', body: stream() })).toBe('400 invalid-header');
    const longer = { method: 'PUT', body: stream(), headers: { 'content-length': '5' } };
    expect(await codeOf(key, longer)).toBe('400 body-interrupted');
    expect(await codeOf(key, { ...longer, body: stream(), headers: { 'content-length': '2' } })).toBe(
      '400 body-interrupted',
    );
    expect(await codeOf(key, { ...longer, body: 'x', headers: { 'content-length': '100000001' } })).toBe(
      '413 body-too-large',
    );
    expect(await codeOf(key, put(''))).toBe('400 body-missing');
    expect(await codeOf(key, put('ab', { 'content-encoding': 'gzip' }))).toBe(
      '415 unsupported-content-encoding',
    );
    expect(await codeOf(`/v1/volumes/${id}/c/.hidden`, put('ab'))).toBe('400 invalid-key');
    expect(await codeOf(`/v1/volumes/${id}/zarr.json`, put('{'))).toBe('422 metadata-invalid');
    expect(await codeOf(`/v1/volumes/${id}/zarr.json`, put('{"zarr_format":9}'))).toBe(
      '422 metadata-invalid',
    );
    expect(await everything(id)).toEqual([stateNameOf(id)]);
  });

  test('of metadata must go with the metadata that is there; if writers raced, the volume can still be seen', async () => {
    const id = await create();
    await send(`/v1/volumes/${id}/zarr.json`, put(zarrJson()));
    expect(await codeOf(`/v1/volumes/${id}/inner/zarr.json`, put(zarrJson()))).toBe('422 metadata-invalid');
    expect((await send(`/v1/volumes/${id}/zarr.json`, put(zarrJson(8)))).status).toBe(204);
    await bucket.put(nameOf(id, 'inner/zarr.json'), zarrJson());
    expect((await json<VolumeJson>(`/v1/volumes/${id}`)).body).toMatchObject({ state: 'open', arrays: [] });
    expect(await codeOf(`/v1/volumes/${id}/seal`, posted({}))).toBe('422 metadata-invalid');
  });

  test('of 60 MB passes whole', async () => {
    const id = await create();
    const bytes = new Uint8Array(60_000_000);
    for (let i = 0; i < bytes.length; i += 997) bytes[i] = i;
    const digest = async (of: BufferSource) => new Uint8Array(await crypto.subtle.digest('SHA-256', of));
    expect((await send(`/v1/volumes/${id}/c/0`, put(bytes))).status).toBe(201);
    const read = await (await send(`/v1/volumes/${id}/c/0`)).bytes();
    expect(await digest(read)).toEqual(await digest(bytes));
    await send(`/v1/volumes/${id}`, { method: 'DELETE' });
  });

  test('of an open volume is deleted', async () => {
    const id = await written(worker);
    expect((await send(`/v1/volumes/${id}/c/0`, { method: 'DELETE' })).status).toBe(204);
    expect(await codeOf(`/v1/volumes/${id}/c/0`)).toBe('404 key-not-found');
    expect((await send(`/v1/volumes/${id}/c/0`, { method: 'DELETE' })).status).toBe(204);
  });
});

describe('sealing', () => {
  test('is refused when chunks are missing, says which, and leaves the volume open', async () => {
    const id = await create();
    expect(await codeOf(`/v1/volumes/${id}/seal`, posted({}))).toBe('422 metadata-invalid');
    await send(`/v1/volumes/${id}/zarr.json`, put(zarrJson(24)));
    await send(`/v1/volumes/${id}/c/1`, put('cd'));
    await send(`/v1/volumes/${id}/c/11`, put('cd'));
    const { status, body } = await json<ProblemBody>(`/v1/volumes/${id}/seal`, posted({}));
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'volume-incomplete' });
    expect(body.detail).toContain('10 of 12 chunks');
    expect(body.detail).toContain('c/0, c/2, c/3');
    expect(await codeOf(`/v1/volumes/${id}/seal`, posted({ chunks: 3 }))).toBe('409 volume-incomplete');
    for (const chunks of [1, 13])
      expect(await codeOf(`/v1/volumes/${id}/seal`, posted({ chunks }))).toBe('400 invalid-body');
    expect((await send(`/v1/volumes/${id}/c/0`, put('ab'))).status).toBe(201);
    expect((await seal(id, { chunks: 3 })).body.state).toBe('sealed');
  });

  test('again, and by many at once, changes nothing; afterwards nothing is written', async () => {
    const id = await written(worker);
    const seals = await Promise.all([seal(id), seal(id), seal(id)]);
    expect(new Set(seals.map(({ body }) => body.sealedAt)).size).toBe(1);
    expect((await seal(id, { chunks: 7 })).body).toEqual(seals[0]?.body);
    for (const init of [put('zz'), { method: 'DELETE' }])
      expect(await codeOf(`/v1/volumes/${id}/c/0`, init)).toBe('409 volume-sealed');
    expect(await codeOf(`/v1/volumes/${id}/c/9`, put('zz'))).toBe('409 volume-sealed');
    expect(await (await send(`/v1/volumes/${id}/c/0`)).text()).toBe('ab');
    expect((await bucket.list({ prefix: writesOf(id) })).objects).toEqual([]);
  });

  test('waits for no write: one that has begun refuses the seal, and succeeds', async () => {
    const id = await written(worker);
    let finish = () => {};
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(1));
        finish = () => {
          controller.enqueue(new Uint8Array(1));
          controller.close();
        };
      },
    });
    const writing = send(`/v1/volumes/${id}/c/0`, {
      method: 'PUT',
      body,
      headers: { 'content-length': '2' },
    });
    while ((await bucket.list({ prefix: writesOf(id) })).objects.length === 0);
    expect(await codeOf(`/v1/volumes/${id}/seal`, posted({}))).toBe('409 volume-incomplete');
    finish();
    expect((await writing).status).toBe(204);
    expect((await seal(id)).body.state).toBe('sealed');
    expect(await (await send(`/v1/volumes/${id}/c/0`)).bytes()).toEqual(new Uint8Array(2));
  });

  test('never changes under writers that race with it', async () => {
    for (let round = 0; round < 5; round++) {
      const id = await written(worker);
      const writes = Array.from({ length: 6 }, (_, i) => send(`/v1/volumes/${id}/c/${i % 2}`, put(`w${i}`)));
      const sealing = seal(id);
      const answers = await Promise.all([...writes, sealing]);
      let sealed = (await sealing).body;
      if (sealed.state !== 'sealed') sealed = (await seal(id)).body;
      expect(sealed.state).toBe('sealed');
      expect(answers.slice(0, 6).every(({ status }) => status === 204 || status === 409)).toBe(true);
      const now = await (await send(`/v1/volumes/${id}/c/0`)).text();
      expect(now).toMatch(/^(ab|w[024])$/);
    }
  });

  test('is not done by one who counted before the volume was opened and closed again', async () => {
    const id = await written(worker);
    const stateAs = async (state: 'open' | 'sealing') => {
      const read = await stateOf(bucket, id);
      expect(await replaceState(bucket, read, { ...read.state, state })).toBe(true);
      return stateOf(bucket, id);
    };
    const counted = await stateAs('sealing');
    await stateAs('open');
    await stateAs('sealing');
    expect(await replaceState(bucket, counted, { ...counted.state, state: 'sealed' })).toBe(false);
  });

  test('goes on from where one that died has left it, whose writes were refused meanwhile', async () => {
    const id = await written(worker);
    const read = await readState(bucket, id);
    const state = JSON.stringify({ ...read?.state, state: 'sealing', revision: 'x' });
    await bucket.put(stateNameOf(id), state);
    expect((await json<VolumeJson>(`/v1/volumes/${id}`)).body.state).toBe('open');
    expect(await codeOf(`/v1/volumes/${id}/c/0`, put('zz'))).toBe('409 volume-sealed');
    expect((await seal(id)).body.state).toBe('sealed');
  });

  test('is not held up for ever by a writer that died', async () => {
    expect(MOST_WRITE_MS).toBeLessThanOrEqual(300_000);
    const id = await written(worker);
    await bucket.put(writesOf(id) + 'dead', '');
    const { seal: sealAt } = await import('./seal.ts');
    const soon = { now: () => Date.now() + MOST_WRITE_MS };
    await expect(sealAt(bucket, id, soon)).rejects.toMatchObject({ code: 'volume-incomplete' });
    const later = { now: () => Date.now() + MOST_WRITE_MS + 70_000 };
    expect((await sealAt(bucket, id, later)).state).toBe('sealed');
    expect((await bucket.list({ prefix: writesOf(id) })).objects).toEqual([]);
  });
});

test('a write that loses its volume on the way leaves nothing behind', async () => {
  const id = await written(worker);
  let finish = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      finish = () => {
        controller.enqueue(new Uint8Array(2));
        controller.close();
      };
    },
  });
  worker.container.answer = ({ method }) =>
    method === 'PUT'
      ? Response.json({ code: 'volume-not-found' }, { status: 404 })
      : Response.json({ items: [] });
  const writing = send(`/v1/volumes/${id}/c/0`, { method: 'PUT', body, headers: { 'content-length': '2' } });
  while ((await bucket.list({ prefix: writesOf(id) })).objects.length === 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect((await send(`/v1/volumes/${id}`, { method: 'DELETE' })).status).toBe(204);
  finish();
  expect((await writing).status).toBe(404);
  expect(await everything(id)).toEqual([]);
  expect((await bucket.list({ prefix: documentsOf(id) })).objects).toEqual([]);
});

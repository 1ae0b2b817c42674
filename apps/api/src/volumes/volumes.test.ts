import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';
import type { VolumePage } from './types.ts';

let server: VolumeServer;
let at: (path: string) => string;
beforeAll(async () => {
  server = await serveVolumes();
  at = (path) => server.url + path;
});
afterAll(() => server.close());

const { send, post, put } = requestsTo(() => server);

/** Without the URL rules of fetch, which would take dots away. */
function sendRaw(method: string, path: string, body?: string): Promise<number> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sending = request({ hostname, port, method, path, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

/** An open volume of one array with four chunks, and some of those written. */
async function openWith(...keys: readonly string[]): Promise<string> {
  const { url } = await server.create();
  expect((await put(`${url}/zarr.json`, arrayOf([4, 4], [2, 2]))).status).toBe(201);
  for (const key of keys) expect((await put(`${url}/${key}`, 'abcd')).status).toBe(201);
  return url;
}
const FULL = ['c/0/0', 'c/0/1', 'c/1/0', 'c/1/1'];

describe('a volume', () => {
  it('is made open and empty, at the place it names', async () => {
    const made = await post('/v1/volumes', { name: 'cortex' });
    expect(made.status).toBe(201);
    expect(made.json).toEqual({
      id: expect.stringMatching(/^vol_[0-9a-z]{20}$/),
      name: 'cortex',
      state: 'open',
      url: `/v1/volumes/${String(made.json['id'])}`,
      createdAt: expect.stringMatching(/Z$/),
      bytes: 0,
      arrays: [],
    });
    expect(made.headers.get('location')).toBe(made.json['url']);
    expect((await send('GET', String(made.json['url']))).json).toEqual(made.json);
  });

  it('is not made of a body that is wrong', async () => {
    expect(await post('/v1/volumes', { nmae: 'x' })).toMatchObject({
      status: 400,
      json: { code: 'invalid-body' },
    });
  });

  it('says what is stored while it is written', async () => {
    const url = await openWith('c/0/0', 'c/1/1', 'c/7/7', 'other');
    const { json } = await send('GET', url);
    expect(json).toMatchObject({
      state: 'open',
      bytes: arrayOf([4, 4], [2, 2]).length + 16,
      arrays: [{ path: '', shape: [4, 4], dtype: 'uint8', chunkShape: [2, 2], chunks: 2, chunksOfGrid: 4 }],
    });
    await put(`${url}/c/0/0`, 'longer than before');
    await send('DELETE', `${url}/c/1/1`);
    expect((await send('GET', url)).json).toMatchObject({
      bytes: arrayOf([4, 4], [2, 2]).length + 18 + 8,
      arrays: [{ chunks: 1 }],
    });
  });

  it('counts chunks that came before their metadata, and after it has changed', async () => {
    const { url } = await server.create();
    await put(`${url}/raw/c/0/0`, 'abcd');
    await put(`${url}/raw/c/2/0`, 'abcd');
    expect((await send('GET', url)).json).toMatchObject({ bytes: 8, arrays: [] });
    await put(`${url}/raw/zarr.json`, arrayOf([4, 4], [2, 2]));
    expect((await send('GET', url)).json).toMatchObject({ arrays: [{ path: 'raw', chunks: 1 }] });
    await put(`${url}/raw/zarr.json`, arrayOf([6, 4], [2, 2]));
    expect((await send('GET', url)).json).toMatchObject({ arrays: [{ chunks: 2, chunksOfGrid: 6 }] });
    await send('DELETE', `${url}/raw/zarr.json`);
    expect((await send('GET', url)).json).toMatchObject({ bytes: 8, arrays: [] });
  });

  it.each([
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/seal'],
    ['GET', '/c/0'],
    ['PUT', '/c/0'],
    ['DELETE', '/c/0'],
  ])('that is not there is a 404 to %s%s', async (method, rest) => {
    const init = method === 'POST' || method === 'PUT' ? { body: '{}' } : {};
    const headers = { 'content-type': 'application/json' };
    const answer = await send(method, `/v1/volumes/vol_${'0'.repeat(20)}${rest}`, { ...init, headers });
    expect(answer).toMatchObject({ status: 404, json: { code: 'volume-not-found' } });
  });

  it('is listed, newest first, in pages', async () => {
    const other = await serveVolumes();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push((await other.create()).id);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }
    const { id: hidden } = other.store.createResult({ segmentation: 'seg_1' });
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const answer = await fetch(`${other.url}/v1/volumes?limit=2${cursor}`);
      const page = (await answer.json()) as VolumePage;
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === undefined) break;
      cursor = `&cursor=${page.next}`;
    }
    expect(seen).toEqual(ids.reverse());
    expect(seen).not.toContain(hidden);
    for (const query of ['limit=0', 'limit=1001', 'cursor=zzz', 'page=2']) {
      const answer = await fetch(`${other.url}/v1/volumes?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
    }
    await other.close();
  });
});

describe('a key', () => {
  it('gives back what was put there, whatever it is', async () => {
    const { url } = await server.create();
    const bytes = Uint8Array.from({ length: 1_000_000 }, (_, i) => i * 31);
    const written = await put(`${url}/c/0`, bytes);
    expect(written).toMatchObject({ status: 201, body: '' });
    const got = await fetch(at(`${url}/c/0`));
    expect(got.headers.get('etag')).toBe(written.headers.get('etag'));
    expect(got.headers.get('content-length')).toBe('1000000');
    expect(got.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.compare(new Uint8Array(await got.arrayBuffer()), bytes)).toBe(0);
    expect((await put(`${url}/c/0`, 'new')).status).toBe(204);
    expect((await send('GET', `${url}/c/0`)).body).toBe('new');
    await put(`${url}/zarr.json`, arrayOf([4], [2]));
    expect((await fetch(at(`${url}/zarr.json`))).headers.get('content-type')).toBe('application/json');
  });

  it('that is not there is a 404, and can be deleted all the same', async () => {
    const url = await openWith('c/0/0');
    for (const key of ['c/9/9', 'c', 'c/0', 'c/0/0/0', 'zarr.json/0', '.zattrs']) {
      const answer = await send('GET', `${url}/${key}`);
      expect([key, answer.status, answer.json['code']]).toEqual([key, 404, 'key-not-found']);
      expect([key, (await send('DELETE', `${url}/${key}`)).status]).toEqual([key, 204]);
    }
    expect((await send('GET', `${url}/c/0/0`)).status).toBe(200);
  });

  it('leaves no directory behind that would keep its name', async () => {
    const { url } = await server.create();
    await put(`${url}/a/b/c`, 'x');
    expect(await put(`${url}/a/b`, 'x')).toMatchObject({ status: 400, json: { code: 'invalid-key' } });
    await send('DELETE', `${url}/a/b/c`);
    expect((await put(`${url}/a`, 'x')).status).toBe(201);
    expect(await put(`${url}/a/b`, 'x')).toMatchObject({ status: 400, json: { code: 'invalid-key' } });
  });

  it.each([
    '..%2Fx',
    'c/..%2F..%2Fx',
    '%2e%2e%2fx',
    'c/%2e%2e/%2e%2e/x',
    '.hidden',
    'c/.zarray/0',
    'a//b',
    'a/',
    '%2Fetc',
    'a%00b',
    'a%5Cb',
    'a%20b',
    'a:b',
    '%C3%A4',
    '%252e%252e/x',
    'a%zz',
    'x'.repeat(256),
    `${'x/'.repeat(300)}x`,
    `${'x/'.repeat(32)}x`,
  ])('%s is none', async (key) => {
    const { url } = await server.create();
    for (const method of ['PUT', 'GET', 'DELETE']) {
      const status = await sendRaw(method, `${url}/${key}`, method === 'PUT' ? 'x' : undefined);
      // dots that the URL itself resolves leave the volume for a path that is no key
      expect([404, 405, 400]).toContain(status);
    }
    expect((await send('GET', url)).json['bytes']).toBe(0);
    expect(await readdir(join(server.directory, '..'))).toEqual(
      expect.not.arrayContaining(['x', 'etc', 'hidden']),
    );
  });

  it('cannot reach another volume or its own incoming files', async () => {
    const [one, other] = [await openWith('c/0/0'), await openWith()];
    const id = one.split('/').at(-1) ?? '';
    for (const key of [`..%2F${id}%2Fvolume.zarr%2Fc%2F0%2F0`, '..%2Fincoming%2F0', `..%2F..%2F${id}`]) {
      expect(await sendRaw('GET', `${other}/${key}`)).toBe(400);
      expect(await sendRaw('PUT', `${other}/${key}`, 'x')).toBe(400);
    }
    expect(await sendRaw('GET', `/v1/volumes/${id}%2F..%2F${id}/c/0/0`)).toBe(404);
  });

  it('may be spelled with encoded slashes', async () => {
    const url = await openWith('c/0/0');
    expect(await sendRaw('GET', `${url}/c%2F0%2F0`)).toBe(200);
    expect(await sendRaw('GET', `${url}/%63/0/0`)).toBe(200);
  });

  it('is refused compressed or empty', async () => {
    const { url } = await server.create();
    expect(await put(`${url}/c/0`, 'x', { 'content-encoding': 'gzip' })).toMatchObject({
      status: 415,
      json: { code: 'unsupported-content-encoding' },
    });
    expect(await put(`${url}/c/0`, '')).toMatchObject({ status: 400, json: { code: 'body-missing' } });
    expect((await send('GET', `${url}/c/0`)).status).toBe(404);
  });
});

describe('metadata', () => {
  it.each([
    ['no JSON', 'zarr.json', 'hello', /not JSON/],
    ['not UTF-8', 'zarr.json', new Uint8Array([0x22, 0xff, 0x22]), /not JSON in UTF-8/],
    ['a list', '.zattrs', '[]', /not a JSON object/],
    ['null', '.zgroup', 'null', /not a JSON object/],
    ['no version', 'zarr.json', '{}', /zarr_format/],
    ['chunks of nothing', 'zarr.json', arrayOf([4], [0]), /chunk_shape/],
    ['a shape below zero', 'raw/zarr.json', arrayOf([-4], [1]), /raw\/zarr.json has shape/],
    ['chunks without end', 'zarr.json', arrayOf([2 ** 50, 2 ** 50], [1, 1]), /more than the limit/],
    ['no array of v2', '.zarray', '{"zarr_format":2}', /\.zarray/],
  ])('that is %s is refused, and nothing of it is kept', async (_, key, body, message) => {
    const { url } = await server.create();
    const answer = await put(`${url}/${key}`, body);
    expect(answer).toMatchObject({ status: 422, json: { code: 'metadata-invalid' } });
    expect(answer.json['detail']).toMatch(message);
    expect((await send('GET', `${url}/${key}`)).status).toBe(404);
  });

  const deep = (field: string) => {
    const nested = '['.repeat(200_000) + ']'.repeat(200_000);
    return arrayOf([4], [2]).replace(`"${field}":`, `"${field}":${nested},"was":`);
  };
  it.each(['node_type', 'data_type', 'shape', 'fill_value', 'chunk_grid', 'attributes'])(
    'whose %s is nested without end is no reason to fail',
    async (field) => {
      const { url } = await server.create();
      const { status } = await put(`${url}/zarr.json`, deep(field));
      expect(status).toBe(['fill_value', 'attributes'].includes(field) ? 201 : 422);
      expect((await send('GET', url)).status).toBe(200);
    },
  );

  it('that hides something large where chunks are described is refused', async () => {
    const { url } = await server.create();
    const grid = { name: 'regular', configuration: { chunk_shape: [2], note: 'x'.repeat(70_000) } };
    const answer = await put(`${url}/zarr.json`, arrayOf([4], [2], { chunk_grid: grid }));
    expect(answer).toMatchObject({ status: 422, json: { code: 'metadata-invalid' } });
    const nested = arrayOf([4], [2]).replace(
      '"chunk_shape":',
      `"note":${'['.repeat(9_000)}${']'.repeat(9_000)},"chunk_shape":`,
    );
    expect([201, 422]).toContain((await put(`${url}/zarr.json`, nested)).status);
  });

  it('of an array within an array is refused, and the volume stays as it was', async () => {
    const url = await openWith('c/0/0');
    const answer = await put(`${url}/inner/zarr.json`, arrayOf([4], [2]));
    expect(answer).toMatchObject({ status: 422, json: { code: 'metadata-invalid' } });
    expect((await send('GET', url)).json).toMatchObject({ arrays: [{ path: '', chunks: 1 }] });
  });

  it('of version 2 and of groups is taken', async () => {
    const { url } = await server.create();
    const zarray = {
      zarr_format: 2,
      shape: [4],
      chunks: [2],
      dtype: '|u1',
      compressor: null,
      fill_value: 0,
      order: 'C',
      filters: null,
    };
    for (const [key, body] of Object.entries({
      '.zgroup': { zarr_format: 2 },
      '.zattrs': { units: 'nm' },
      '.zmetadata': { zarr_consolidated_format: 1, metadata: {} },
      'raw/.zarray': zarray,
    })) {
      expect((await put(`${url}/${key}`, JSON.stringify(body))).status).toBe(201);
    }
    await put(`${url}/raw/0`, 'ab');
    await put(`${url}/raw/1`, 'ab');
    const sealed = await post(`${url}/seal`, {});
    expect(sealed.json).toMatchObject({
      state: 'sealed',
      arrays: [{ path: 'raw', chunks: 2, chunksOfGrid: 2 }],
    });
  });
});

describe('sealing', () => {
  it('a complete volume ends its writing for good', async () => {
    const url = await openWith(...FULL);
    const sealed = await post(`${url}/seal`, {});
    expect(sealed).toMatchObject({ status: 200, json: { state: 'sealed', arrays: [{ chunks: 4 }] } });
    expect((await post(`${url}/seal`, { chunks: 99 })).json).toEqual(sealed.json);
    expect((await send('GET', url)).json).toEqual(sealed.json);
    const refused = { status: 409, json: { code: 'volume-sealed' } };
    expect(await put(`${url}/c/0/0`, 'efgh')).toMatchObject(refused);
    expect(await put(`${url}/zarr.json`, arrayOf([4], [2]))).toMatchObject(refused);
    expect(await send('DELETE', `${url}/c/0/0`)).toMatchObject(refused);
    expect((await send('GET', `${url}/c/0/0`)).body).toBe('abcd');
  });

  it('is refused while chunks are missing, and says which and what to do', async () => {
    const url = await openWith('c/0/0');
    const answer = await post(`${url}/seal`, {});
    expect(answer).toMatchObject({ status: 409, json: { code: 'volume-incomplete', value: 1, limit: 4 } });
    expect(answer.json['detail']).toMatch(
      /^3 of 4 chunks are missing.*c\/0\/1, c\/1\/0, c\/1\/1.*write_empty_chunks.*chunks/,
    );
    expect((await send('GET', url)).json['state']).toBe('open');
    expect((await put(`${url}/c/0/1`, 'abcd')).status).toBe(201);
  });

  it('takes the number that was written, and notices one that differs', async () => {
    const url = await openWith('c/0/0', 'c/1/1');
    expect(await post(`${url}/seal`, { chunks: 3 })).toMatchObject({
      status: 409,
      json: { code: 'volume-incomplete' },
    });
    expect(await post(`${url}/seal`, { chunks: 5 })).toMatchObject({
      status: 400,
      json: { code: 'invalid-body' },
    });
    expect(await post(`${url}/seal`, { chunks: 1 })).toMatchObject({
      status: 400,
      json: { code: 'invalid-body' },
    });
    expect(await post(`${url}/seal`, { chunks: -1 })).toMatchObject({
      status: 400,
      json: { code: 'invalid-body' },
    });
    expect((await post(`${url}/seal`, { chunks: 2 })).json).toMatchObject({
      state: 'sealed',
      arrays: [{ chunks: 2 }],
    });
  });

  it('counts what is there, not what was', async () => {
    const url = await openWith(...FULL);
    await rm(join(server.store.pathOf(url.split('/').at(-1) ?? ''), 'c/1/0'));
    expect((await post(`${url}/seal`, {})).json['detail']).toMatch(/^1 of 4 chunks are missing.* c\/1\/0;/);
  });

  it('a volume without arrays is refused', async () => {
    const { url } = await server.create();
    await put(`${url}/c/0`, 'x');
    expect(await post(`${url}/seal`, { chunks: 0 })).toMatchObject({
      status: 422,
      json: { code: 'metadata-invalid' },
    });
  });
});

describe('deleting', () => {
  it('takes everything with it, whatever the state', async () => {
    for (const seal of [false, true]) {
      const url = await openWith(...FULL);
      if (seal) await post(`${url}/seal`, {});
      expect((await send('DELETE', url)).status).toBe(204);
      for (const path of [url, `${url}/c/0/0`, `${url}/zarr.json`])
        expect((await send('GET', path)).status).toBe(404);
      expect(await readdir(server.directory)).toEqual(
        expect.not.arrayContaining([expect.stringContaining(url.split('/').at(-1) ?? '')]),
      );
    }
  });

  it('waits for the job that reads it', async () => {
    const url = await openWith();
    server.user = 'seg_7';
    const refused = await send('DELETE', url);
    server.user = undefined;
    expect(refused).toMatchObject({ status: 409, json: { code: 'volume-in-use', limit: 'seg_7' } });
    expect((await send('GET', `${url}/zarr.json`)).status).toBe(200);
    expect((await send('DELETE', url)).status).toBe(204);
  });

  it('lets a reader that has begun finish', async () => {
    const { url } = await server.create();
    const bytes = new Uint8Array(8_000_000).fill(7);
    await put(`${url}/c/0`, bytes);
    const reading = await fetch(at(`${url}/c/0`));
    await send('DELETE', url);
    expect((await reading.arrayBuffer()).byteLength).toBe(bytes.length);
  });
});

describe('the result of a job', () => {
  it('is seen by nobody until it is published, then sealed, and goes with the job only', async () => {
    const { id, path } = server.store.createResult({ segmentation: 'seg_9', name: 'labels' });
    const url = `/v1/volumes/${id}`;
    expect(server.store.createResult({ segmentation: 'seg_9' })).toEqual({ id, path });
    await mkdir(join(path, 'c/0'), { recursive: true });
    await writeFile(join(path, 'zarr.json'), arrayOf([4, 4], [2, 2]));
    await writeFile(join(path, 'c/0/0'), 'abcd');
    expect(server.store.stateOf(id)).toBeUndefined();
    for (const [method, rest] of [
      ['GET', ''],
      ['GET', '/zarr.json'],
      ['PUT', '/c/0/1'],
      ['DELETE', ''],
    ] as const) {
      expect((await send(method, url + rest, method === 'PUT' ? { body: 'x' } : {})).status).toBe(404);
    }
    const published = await server.store.publishResult(id);
    expect(published).toMatchObject({
      state: 'sealed',
      segmentation: 'seg_9',
      name: 'labels',
      arrays: [{ chunks: 1 }],
    });
    expect(await server.store.publishResult(id)).toEqual(published);
    expect((await send('GET', url)).json).toEqual(published);
    expect((await send('GET', `${url}/c/0/0`)).body).toBe('abcd');
    expect(await send('DELETE', url)).toMatchObject({
      status: 409,
      json: { code: 'volume-in-use', limit: 'seg_9' },
    });
    await server.store.removeResult(id);
    await server.store.removeResult(id);
    expect((await send('GET', url)).status).toBe(404);
  });
});

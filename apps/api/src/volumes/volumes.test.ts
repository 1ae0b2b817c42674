import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf, FULL, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';
import type { VolumePage } from './types.ts';

let server: VolumeServer;
const { send, post, put, openWith } = requestsTo(() => server);
beforeAll(async () => void (server = await serveVolumes()));
afterAll(() => server.close());

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
    const reading = await fetch(`${server.url}${url}/c/0`);
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

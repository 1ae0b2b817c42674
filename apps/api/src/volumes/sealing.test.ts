import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf, FULL, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
const { send, post, put, openWith } = requestsTo(() => server);
beforeAll(async () => void (server = await serveVolumes()));
afterAll(() => server.close());

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

import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { arrayOf, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
const { send, put, openWith } = requestsTo(() => server);
beforeAll(async () => void (server = await serveVolumes()));
afterAll(() => server.close());

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

const at = (path: string) => server.url + path;

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

import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../testing.fixture.ts';
import { arrayOf, bodyOf, never, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
let url: string;
let id: string;
const { send, get, post, put } = requestsTo(() => server);
beforeAll(async () => {
  server = await serveVolumes({
    limits: { maxValueBytes: 10_000, maxMetadataBytes: 5_000, bodyIdleMs: 200 },
  });
  ({ url, id } = await server.create());
});
afterAll(() => server.close());

const incoming = (of = id) => readdir(join(server.directory, of, 'incoming')).catch(() => []);

/** Sends a request's head and a beginning of its body over a socket of its own. */
async function begin(head: readonly string[], start: string, path = `${url}/c/0`) {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (data) => (answer += data.toString('latin1')));
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write([`PUT ${path} HTTP/1.1`, 'host: test', ...head, '', start].join('\r\n'));
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { socket, closed, answer: () => answer };
}

describe('an upload that ends early leaves nothing', () => {
  const nothing = async () => {
    for (let i = 0; i < 100 && (await incoming()).length > 0; i++)
      await new Promise((r) => setTimeout(r, 10));
    expect(await incoming()).toEqual([]);
    expect((await get(`${url}/c/0`)).status).toBe(404);
    expect((await get(url)).json['bytes']).toBe(0);
  };

  it('when its connection breaks before Content-Length is reached', async () => {
    const { socket } = await begin(['content-length: 1000'], 'a'.repeat(500));
    await expect.poll(() => incoming(), { interval: 5, timeout: 5000 }).toHaveLength(1);
    socket.destroy();
    await nothing();
  });

  it('when its sender says there is no more, and is told', async () => {
    const { socket, closed } = await begin(['content-length: 1000'], 'a'.repeat(500));
    socket.end();
    await closed;
    await nothing();
  });

  it('when its last piece does not come', async () => {
    const { socket } = await begin(['transfer-encoding: chunked'], `1f4\r\n${'a'.repeat(500)}\r\n`);
    socket.destroy();
    await nothing();
  });

  it('when it stalls, which is a 408', async () => {
    const { closed, answer } = await begin(['content-length: 1000'], 'a'.repeat(500));
    await until(() => answer().includes('body-stalled'));
    expect(answer()).toMatch(/^HTTP\/1.1 408 [^]*connection: close/i);
    await closed;
    await nothing();
  });

  it('when it is shorter than was said, behind a server that does not notice', async () => {
    const putting = server.store.put(id, 'c/0', bodyOf('abc'), { length: 4, signal: never });
    await expect(putting).rejects.toMatchObject({
      code: 'body-interrupted',
      options: { value: 3, limit: 4 },
    });
    await nothing();
  });

  it('and keeps the value that was there', async () => {
    await put(`${url}/c/1`, 'old');
    const { socket } = await begin(['content-length: 1000'], 'a'.repeat(500), `${url}/c/1`);
    expect((await get(`${url}/c/1`)).body).toBe('old');
    socket.destroy();
    await until(() => true);
    expect((await get(`${url}/c/1`)).body).toBe('old');
    await send('DELETE', `${url}/c/1`);
  });
});

describe('a value that is too large', () => {
  it('is refused before it comes when its length says so', async () => {
    const { answer, closed } = await begin(['content-length: 10001'], '');
    await until(() => answer().includes('body-too-large'));
    expect(answer()).toMatch(/^HTTP\/1.1 413 [^]*connection: close[^]*10001 bytes, the limit is 10000/i);
    await closed;
  });

  it('is refused on the way when it does not', async () => {
    const body = bodyOf('a'.repeat(6_000), 'a'.repeat(6_000));
    const answer = await send('PUT', `${url}/c/0`, { body, duplex: 'half' });
    expect(answer).toMatchObject({ status: 413, json: { code: 'body-too-large', limit: 10_000 } });
    expect(await incoming()).toEqual([]);
  });

  it.each(['volume-sealed', 'precondition-failed', 'invalid-key'])(
    'or refused as %s is not read on',
    async (code) => {
      const volume = await server.create();
      await put(`${volume.url}/zarr.json`, arrayOf([1], [1]));
      if (code === 'volume-sealed') await post(`${volume.url}/seal`, { chunks: 0 });
      const head = ['content-length: 1000', 'if-none-match: *'];
      const key = {
        'volume-sealed': 'c/0',
        'precondition-failed': 'zarr.json',
        'invalid-key': 'zarr.json/0/..a',
      };
      const { answer, closed } = await begin(head, 'a', `${volume.url}/${key[code as keyof typeof key]}`);
      await until(() => answer().includes(code));
      expect(answer()).toMatch(/connection: close/i);
      await closed;
    },
  );

  it('is one at the limit no more', async () => {
    expect((await put(`${url}/c/2`, 'a'.repeat(10_000))).status).toBe(201);
  });

  it('is smaller for metadata', async () => {
    const document = arrayOf([4], [2], { attributes: { note: 'a'.repeat(5_000) } });
    expect(await put(`${url}/zarr.json`, document)).toMatchObject({ status: 413, json: { limit: 5_000 } });
  });
});

describe('while a body comes', () => {
  const late = async (): Promise<{ id: string; url: string; finish: () => Promise<string> }> => {
    const volume = await server.create();
    await put(`${volume.url}/zarr.json`, arrayOf([2], [2]));
    await put(`${volume.url}/c/0`, 'ab');
    const { socket, answer } = await begin(['content-length: 2'], 'x', `${volume.url}/c/0`);
    const finish = async () => {
      socket.write('y');
      await until(() => answer() !== '');
      socket.destroy();
      return answer();
    };
    return { ...volume, finish };
  };

  it('its volume can be sealed, and then it does not land', async () => {
    const { id: other, url: path, finish } = await late();
    expect((await post(`${path}/seal`, {})).status).toBe(200);
    expect(await finish()).toMatch(/^HTTP\/1.1 409 [^]*volume-sealed/);
    expect((await get(`${path}/c/0`)).body).toBe('ab');
    expect(await incoming(other)).toEqual([]);
  });

  it('its volume can be deleted, which ends it at once, and it does not come back', async () => {
    const volume = await server.create();
    const { answer, closed } = await begin(['content-length: 2'], 'x', `${volume.url}/c/0`);
    expect((await send('DELETE', volume.url)).status).toBe(204);
    await until(() => answer() !== '');
    expect(answer()).toMatch(/^HTTP\/1.1 404 [^]*connection: close[^]*volume-not-found/i);
    await closed;
    expect(await readdir(server.directory)).not.toContain(volume.id);
  });

  it('the key can be written by another, and then a condition fails', async () => {
    const volume = await server.create();
    const head = ['content-length: 2', 'if-none-match: *'];
    const { socket, answer } = await begin(head, 'x', `${volume.url}/c/0`);
    expect((await put(`${volume.url}/c/0`, 'ab')).status).toBe(201);
    socket.write('y');
    await until(() => answer() !== '');
    socket.destroy();
    expect(answer()).toMatch(/^HTTP\/1.1 412/);
    expect((await get(`${volume.url}/c/0`)).body).toBe('ab');
  });
});

it('no write lands in a sealed volume, however many race with the sealing', async () => {
  for (let round = 0; round < 20; round++) {
    const volume = await server.create();
    await put(`${volume.url}/zarr.json`, arrayOf([64], [1]));
    const writes = Array.from({ length: 32 }, (_, i) => put(`${volume.url}/c/${i}`, 'a'));
    const sealing = Array.from({ length: 33 }, (_, n) => post(`${volume.url}/seal`, { chunks: n }));
    const written = (await Promise.all(writes)).filter(({ status }) => status === 201).length;
    await Promise.all(sealing);
    const { json } = await get(volume.url);
    const stored = (await readdir(join(server.store.pathOf(volume.id), 'c')).catch(() => [])).length;
    expect(json).toMatchObject({ arrays: [{ chunks: stored }] });
    expect(stored).toBe(written);
  }
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { create, FetchStore, get, open, root, set } from 'zarrita';
import { arrayOf, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
const { post, put, get: getJson } = requestsTo(() => server);
beforeAll(async () => void (server = await serveVolumes()));
afterAll(() => server.close());

class VolumeStore extends FetchStore {
  async set(path: `/${string}`, value: Uint8Array<ArrayBuffer>): Promise<void> {
    const response = await fetch(this.url + path, { method: 'PUT', body: value });
    if (!response.ok) throw new Error(await response.text());
  }
}

const data = (length: number) => Uint16Array.from({ length }, (_, i) => (i * 31) % 65_521);

describe('zarrita over fetch', () => {
  it('writes an array of a group, and reads it back, whole and in part', async () => {
    const { url } = await server.create();
    const store = new VolumeStore(server.url + url);
    const shape = [10, 20, 30];
    await create(root(store), { attributes: { lab: 'ours' } });
    const array = await create(root(store).resolve('raw'), {
      shape,
      chunkShape: [4, 10, 16],
      dtype: 'uint16',
    });
    await set(array, null, { data: data(6_000), shape, stride: [600, 30, 1] });
    expect((await post(`${url}/seal`, {})).json).toMatchObject({
      state: 'sealed',
      arrays: [
        { path: 'raw', shape, dtype: 'uint16', chunkShape: [4, 10, 16], chunks: 12, chunksOfGrid: 12 },
      ],
    });
    const group = await open(new FetchStore(server.url + url), { kind: 'group' });
    expect(group.attrs).toEqual({ lab: 'ours' });
    const again = await open(group.resolve('raw'), { kind: 'array' });
    expect((await get(again, null)).data).toEqual(data(6_000));
    expect((await get(again, [9, 19, null])).data).toEqual(data(6_000).slice(-30));
  });

  it('reads chunks that were not written as the fill value', async () => {
    const { url } = await server.create();
    await put(`${url}/zarr.json`, arrayOf([4], [2], { fill_value: 9 }));
    await put(`${url}/c/1`, Uint8Array.of(1, 2));
    expect((await post(`${url}/seal`, { chunks: 1 })).json).toMatchObject({ state: 'sealed' });
    const array = await open(new FetchStore(server.url + url), { kind: 'array' });
    expect((await get(array, null)).data).toEqual(Uint8Array.of(9, 9, 1, 2));
  });

  it.each([true, false])('reads shards by their ends (suffix ranges: %s)', async (useSuffixRequest) => {
    const { url } = await server.create();
    const codec = {
      name: 'sharding_indexed',
      configuration: {
        chunk_shape: [2],
        codecs: [{ name: 'bytes' }],
        index_codecs: [{ name: 'bytes', configuration: { endian: 'little' } }],
        index_location: 'end',
      },
    };
    await put(`${url}/zarr.json`, arrayOf([8], [4], { codecs: [codec] }));
    for (const shard of [0, 1]) {
      const bytes = new Uint8Array(4 + 32);
      bytes.set([1, 2, 3, 4].map((value) => value + 10 * shard));
      const index = new BigUint64Array([0n, 2n, 2n, 2n]); // offset and length of each chunk
      bytes.set(new Uint8Array(index.buffer), 4);
      await put(`${url}/c/${shard}`, bytes);
    }
    expect((await post(`${url}/seal`, {})).json).toMatchObject({
      arrays: [{ chunkShape: [4], chunks: 2, chunksOfGrid: 2 }],
    });
    const ranges: (string | null)[] = [];
    const store = new FetchStore(server.url + url, {
      useSuffixRequest,
      fetch: (request) => {
        ranges.push(request.headers.get('range'));
        return fetch(request);
      },
    });
    const array = await open(store, { kind: 'array' });
    expect((await get(array, null)).data).toEqual(Uint8Array.of(1, 2, 3, 4, 11, 12, 13, 14));
    expect(ranges).toContain(useSuffixRequest ? 'bytes=-32' : 'bytes=4-35');
    expect(ranges).toContain('bytes=2-3');
  });
});

it('the example uploads, seals, reads and compares', async () => {
  const script = fileURLToPath(new URL('../../../../examples/zarrita/upload-and-read.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, server.url]);
  expect(stdout).toMatch(
    /^made {5}\S+\nsealed {3}8 of 8 chunks, \d+ bytes\nread {5}32 x 64 x 64, identical\n$/,
  );
  const id = /vol_\w+/.exec(stdout)?.[0];
  expect((await getJson(`/v1/volumes/${id}`)).json).toMatchObject({
    state: 'sealed',
    name: 'zarrita example',
  });
});

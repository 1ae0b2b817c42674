import { SELF } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { create, get, open, root, set, type AbsolutePath, type AsyncMutable, type RangeQuery } from 'zarrita';

/** A zarrita store over HTTP, as short as one can be: what any Zarr client asks of the Worker. */
class HttpStore implements AsyncMutable {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async get(key: AbsolutePath): Promise<Uint8Array | undefined> {
    return this.#read(await SELF.fetch(this.#base + key));
  }

  async getRange(key: AbsolutePath, range: RangeQuery): Promise<Uint8Array | undefined> {
    const bytes =
      'suffixLength' in range
        ? `-${range.suffixLength}`
        : `${range.offset}-${range.offset + range.length - 1}`;
    return this.#read(await SELF.fetch(this.#base + key, { headers: { range: `bytes=${bytes}` } }));
  }

  async set(key: AbsolutePath, value: Uint8Array): Promise<void> {
    const body = new Uint8Array(value);
    const headers = { 'content-length': String(body.length) };
    const { status } = await SELF.fetch(this.#base + key, { method: 'PUT', body, headers });
    expect([201, 204]).toContain(status);
  }

  async #read(response: Response): Promise<Uint8Array | undefined> {
    if (response.status === 404) return void (await response.body?.cancel());
    expect(response.ok).toBe(true);
    return new Uint8Array(await response.arrayBuffer());
  }
}

const api = async (path: string, body: object): Promise<{ id: string; url: string; state: string }> => {
  const headers = { 'content-type': 'application/json' };
  const response = await SELF.fetch(`http://worker.test${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return response.json();
};

test('zarrita writes a volume through the Worker and reads it back', async () => {
  const volume = await api('/v1/volumes', { name: 'zarrita' });
  const location = root(new HttpStore(`http://worker.test${volume.url}`)).resolve('raw');
  const array = await create(location, {
    shape: [5, 6, 7],
    chunkShape: [2, 3, 4],
    dtype: 'uint16',
    fillValue: 0,
  });
  const data = Uint16Array.from({ length: 210 }, (_, i) => i * 7 + 1);
  await set(array, null, { data, shape: [5, 6, 7], stride: [42, 7, 1] });
  expect((await api(`${volume.url}/seal`, {})).state).toBe('sealed');
  const read = await get(await open.v3(location, { kind: 'array' }));
  expect(read.shape).toEqual([5, 6, 7]);
  expect(read.data).toEqual(data);
});

import { readdir, readlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { bodyOf, never, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
let url: string;
const { send, get, put } = requestsTo(() => server);
beforeAll(async () => {
  server = await serveVolumes();
  ({ url } = await server.create());
});
afterAll(() => server.close());

describe('reading a part', () => {
  const text = 'abcdefghij';
  beforeAll(() => put(`${url}/c/0`, text));

  it.each([
    ['bytes=0-3', 'abcd', '0-3/10'],
    ['bytes=4-', 'efghij', '4-9/10'],
    ['bytes=-3', 'hij', '7-9/10'],
    ['bytes=-99', text, '0-9/10'],
    ['bytes=8-99', 'ij', '8-9/10'],
    ['BYTES=9-9', 'j', '9-9/10'],
  ])('%s gives %s', async (range, body, content) => {
    const answer = await get(`${url}/c/0`, { range });
    expect(answer).toMatchObject({ status: 206, body });
    expect(answer.headers.get('content-range')).toBe(`bytes ${content}`);
    expect(answer.headers.get('content-length')).toBe(String(body.length));
  });

  it.each(['bytes=10-', 'bytes=-0', 'bytes=99-100', 'bytes=0-1,3-4', 'bytes=9007199254740993-'])(
    '%s lies outside',
    async (range) => {
      const answer = await get(`${url}/c/0`, { range });
      expect(answer).toMatchObject({ status: 416, json: { code: 'range-not-satisfiable' } });
    },
  );

  it('says how much there is when the range lies outside', async () => {
    const answer = await get(`${url}/c/0`, { range: 'bytes=10-' });
    expect(answer.headers.get('content-range')).toBe('bytes */10');
  });

  it.each(['bytes=5-2', 'chunks=0-1', 'bytes=a-b', 'bytes', ''])(
    '"%s" is no range, and gives all',
    async (range) => {
      expect(await get(`${url}/c/0`, { range })).toMatchObject({ status: 200, body: text });
    },
  );

  it('is a slice for any range of a value larger than what is read at once', async () => {
    const bytes = Uint8Array.from({ length: 700_000 }, (_, i) => i * 7 + (i >> 8));
    await put(`${url}/c/1`, bytes);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(bytes.length), async (start, length) => {
        const answer = await fetch(`${server.url}${url}/c/1`, {
          headers: { range: `bytes=${start}-${start + length}` },
        });
        const got = new Uint8Array(await answer.arrayBuffer());
        expect(Buffer.compare(got, bytes.subarray(start, start + length + 1))).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('goes on only if the value is still the same', async () => {
    const etag = (await get(`${url}/c/0`)).headers.get('etag') ?? '';
    const range = 'bytes=2-3';
    expect(await get(`${url}/c/0`, { range, 'if-range': etag })).toMatchObject({ status: 206, body: 'cd' });
    expect(await get(`${url}/c/0`, { range, 'if-range': '"other"' })).toMatchObject({
      status: 200,
      body: text,
    });
  });
});

// Only Linux lists the open files of a process.
it.skipIf(process.platform !== 'linux')(
  'a reader that goes away, or has all, leaves no file open',
  async () => {
    const opened = async () => {
      const files = await readdir('/proc/self/fd');
      const targets = await Promise.all(files.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
      return targets.filter((target) => target.startsWith(server.directory)).length;
    };
    await put(`${url}/c/7`, new Uint8Array(20_000_000));
    const closed = async () => {
      // soon, not whenever garbage is collected
      for (let i = 0; i < 50 && (await opened()) > 0; i++)
        await new Promise((resolve) => setTimeout(resolve, 5));
      return (await opened()) === 0;
    };
    const gone = new AbortController();
    const answer = await fetch(`${server.url}${url}/c/7`, { signal: gone.signal });
    await answer.body?.getReader().read();
    expect(await opened()).toBe(1);
    gone.abort();
    expect(await closed()).toBe(true);
    await get(`${url}/c/7`, { range: 'bytes=99999999-' });
    expect(await closed()).toBe(true);
    await send('HEAD', `${url}/c/7`);
    expect(await closed()).toBe(true);
    await get(`${url}/c/7`, { 'if-none-match': '*' });
    expect(await closed()).toBe(true);
    await get(`${url}/c/7`, { range: 'bytes=-5' });
    expect(await closed()).toBe(true);
  },
);

describe('HEAD', () => {
  it('says what GET says, without a body', async () => {
    await put(`${url}/c/2`, 'abc');
    const [head, full] = [await send('HEAD', `${url}/c/2`), await get(`${url}/c/2`)];
    expect(head).toMatchObject({ status: 200, body: '' });
    for (const name of ['etag', 'content-length', 'content-type', 'accept-ranges']) {
      expect([name, head.headers.get(name)]).toEqual([name, full.headers.get(name)]);
    }
    expect(head.headers.get('content-length')).toBe('3');
    const part = await send('HEAD', `${url}/c/2`, { headers: { range: 'bytes=9-' } });
    expect([part.status, part.headers.get('content-length')]).toEqual([200, '3']);
  });

  it('of nothing is a 404', async () => {
    expect((await send('HEAD', `${url}/c/404`)).status).toBe(404);
  });
});

describe('an entity tag', () => {
  it('spares the body of what is known', async () => {
    await put(`${url}/c/3`, 'abc');
    const etag = (await get(`${url}/c/3`)).headers.get('etag') ?? '';
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await get(`${url}/c/3`, { 'if-none-match': known });
      expect([known, answer.status, answer.body]).toEqual([known, 304, '']);
      expect(answer.headers.get('etag')).toBe(etag);
    }
    expect((await get(`${url}/c/3`, { 'if-none-match': etag, range: 'bytes=99-' })).status).toBe(304);
    expect((await send('HEAD', `${url}/c/3`, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await get(`${url}/c/3`, { 'if-none-match': '"other"' })).body).toBe('abc');
    expect((await get(`${url}/c/3`, { 'if-none-match': '"other"', range: 'bytes=1-1' })).body).toBe('b');
  });

  it('differs for every write, however fast and alike', async () => {
    const tags = new Set<string | null>();
    for (let i = 0; i < 200; i++) tags.add((await put(`${url}/c/4`, 'same')).headers.get('etag'));
    expect(tags.size).toBe(200);
  });

  it('is the same after a restart', async () => {
    const written = await put(`${url}/c/5`, 'abc');
    const again = await server.restarted();
    const value = await again.read(url.split('/').at(-1) ?? '', 'c/5', {});
    await value.body.cancel();
    expect(value.etag).toBe(written.headers.get('etag'));
  });
});

describe('a condition', () => {
  const failed = { status: 412, json: { code: 'precondition-failed' } };

  it('If-None-Match: * writes only what is not there', async () => {
    expect((await put(`${url}/d/0`, 'one', { 'if-none-match': '*' })).status).toBe(201);
    expect(await put(`${url}/d/0`, 'two', { 'if-none-match': '*' })).toMatchObject(failed);
    expect((await get(`${url}/d/0`)).body).toBe('one');
  });

  it('If-Match writes only over what is known', async () => {
    const first = (await put(`${url}/d/1`, 'one')).headers.get('etag') ?? '';
    const second = await put(`${url}/d/1`, 'two', { 'if-match': `"x", ${first}` });
    expect(second.status).toBe(204);
    expect(await put(`${url}/d/1`, 'three', { 'if-match': first })).toMatchObject(failed);
    expect((await get(`${url}/d/1`)).body).toBe('two');
    expect((await put(`${url}/d/1`, 'four', { 'if-match': '*' })).status).toBe(204);
    expect(await put(`${url}/d/2`, 'new', { 'if-match': '*' })).toMatchObject(failed);
    expect(await put(`${url}/d/1`, 'weak', { 'if-match': `W/${first}` })).toMatchObject(failed);
    expect((await get(`${url}/d/2`)).status).toBe(404);
  });
});

describe('two writers of one key', () => {
  const size = 1_000_000;
  const [ones, twos] = [new Uint8Array(size).fill(1), new Uint8Array(size).fill(2)];
  /** Which of the two it is, whole. */
  const content = async (path: string) => {
    const bytes = new Uint8Array(await (await fetch(server.url + path)).arrayBuffer());
    if (Buffer.compare(bytes, ones) === 0) return 1;
    return Buffer.compare(bytes, twos) === 0 ? 2 : 'a mixture';
  };

  it('leave the value of one of them, whole', async () => {
    await put(`${url}/race`, ones);
    for (let round = 0; round < 100; round++) {
      const path = `${url}/race`;
      const [one, other, meanwhile] = await Promise.all([put(path, ones), put(path, twos), content(path)]);
      expect([one.status, other.status]).toEqual([204, 204]);
      expect([1, 2]).toContain(meanwhile);
      expect([1, 2]).toContain(await content(path));
    }
  });

  it('have one winner when both want to be the first', async () => {
    for (let round = 0; round < 100; round++) {
      const path = `${url}/first/${round}`;
      const first = { 'if-none-match': '*' };
      const [one, other] = await Promise.all([put(path, ones, first), put(path, twos, first)]);
      expect([one.status, other.status].sort()).toEqual([201, 412]);
      expect(await content(path)).toBe(one.status === 201 ? 1 : 2);
    }
  });

  it('have one winner even as two servers of one directory', async () => {
    const other = server.another();
    const id = url.split('/').at(-1) ?? '';
    for (let round = 0; round < 100; round++) {
      const write = (store: typeof other, value: string) =>
        store.put(id, `both/${round}`, bodyOf(value), { ifNoneMatch: '*', signal: never }).then(
          () => value,
          (error: { code: string }) => error.code,
        );
      const outcomes = await Promise.all([write(server.store, 'one'), write(other, 'two')]);
      const winner = outcomes.find((outcome) => outcome !== 'precondition-failed');
      expect(outcomes).toContain('precondition-failed');
      expect((await get(`${url}/both/${round}`)).body).toBe(winner);
    }
  });
});

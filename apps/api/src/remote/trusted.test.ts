import { describe, expect, it } from 'vitest';
import { guard, problemOf, redirectTo, serve } from './remote.fixture.ts';

describe('the trusted origin', () => {
  it('is reached whatever its address, with the key', async () => {
    const { port, seen } = await serve();
    const trusted = { origin: `http://127.0.0.1:${port}`, key: 'tu_key' };
    await (await guard({ trusted })(`http://127.0.0.1:${port}/v1/volumes/a/zarr.json`)).text();
    expect(seen[0]?.headers.authorization).toBe('Bearer tu_key');
  });

  it('is one origin: not another port, name or scheme, and none of them gets the key', async () => {
    const { port, seen } = await serve();
    const other = await serve();
    const trusted = { origin: `http://worker.example:${port}`, key: 'tu_key' };
    const resolve = async () => ['127.0.0.1'];
    const strict = guard({ trusted, resolve });
    for (const url of [
      `http://worker.example:${other.port}/`,
      `http://127.0.0.1:${port}/`,
      `http://other.example:${port}/`,
      `http://worker.example.:${port}/`,
      `https://worker.example:${port}/`,
    ]) {
      expect((await problemOf(strict(url))).code).toBe('url-not-allowed');
    }
    const loose = guard({ trusted, resolve, allowAddresses: ['127.0.0.1'] });
    await (await loose(`http://127.0.0.1:${port}/`)).text();
    await (await loose(`http://worker.example:${other.port}/`)).text();
    expect([...seen, ...other.seen].map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('does not pass its key on to where it redirects, and gets it when redirected to', async () => {
    const other = await serve();
    const worker = await serve(redirectTo(`http://127.0.0.2:${other.port}/`));
    const trusted = { origin: `http://127.0.0.1:${worker.port}`, key: 'tu_key' };
    const guarded = guard({ trusted, allowAddresses: ['127.0.0.2'] });
    await (await guarded(`http://127.0.0.1:${worker.port}/`)).text();
    expect(worker.seen[0]?.headers.authorization).toBe('Bearer tu_key');
    expect(other.seen[0]?.headers.authorization).toBeUndefined();
    const first = await serve(redirectTo(`http://127.0.0.1:${other.port}/`));
    const back = guard({
      trusted: { origin: `http://127.0.0.1:${other.port}`, key: 'k2' },
      allowAddresses: ['127.0.0.2'],
    });
    await (await back(`http://127.0.0.2:${first.port}/`)).text();
    expect(first.seen[0]?.headers.authorization).toBeUndefined();
    expect(other.seen[1]?.headers.authorization).toBe('Bearer k2');
  });
});

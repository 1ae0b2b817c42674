import { encodeNpy, ndArray, openVolume } from '@tokenunify/em-io';
import { describe, expect, it } from 'vitest';
import { isApiProblem } from '../problem.ts';
import { guard, problemOf, serve } from './remote.fixture.ts';

describe('a guarded fetch', () => {
  it('reaches a server of this machine only when its network is allowed', async () => {
    const { port, seen } = await serve();
    const url = `http://127.0.0.1:${port}/a?b=c`;
    expect((await problemOf(guard()(url))).code).toBe('url-not-allowed');
    expect(seen).toEqual([]);
    const response = await guard({ allowAddresses: ['127.0.0.0/8'] })(url, {
      headers: { range: 'bytes=0-1' },
    });
    expect([response.status, await response.text()]).toEqual([200, 'here']);
    expect(seen).toMatchObject([{ url: '/a?b=c', headers: { range: 'bytes=0-1' } }]);
  });

  it('reaches it by name, when every way of naming it resolves to what is allowed', async () => {
    const { port } = await serve();
    const resolve = async () => ['127.0.0.1'];
    const allowed = guard({ allowAddresses: ['127.0.0.0/8'], resolve });
    for (const host of [
      'lab.example',
      'localhost',
      'a.localhost',
      '127.1',
      '0x7f000001',
      '[::ffff:127.0.0.1]',
    ]) {
      const response = await allowed(`http://${host}:${port}/`);
      expect(await response.text()).toBe('here');
      const problem = await problemOf(guard({ resolve })(`http://${host}:${port}/`));
      expect(problem.code).toBe('url-not-allowed');
    }
  });

  it('connects to the address that it checked, whatever the name resolves to afterwards', async () => {
    const { port, seen } = await serve((_, response) => response.setHeader('connection', 'close').end('x'));
    const answers = ['127.0.0.2', '127.0.0.1', '127.0.0.1'];
    let asked = 0;
    const resolve = async () => [answers[asked++] ?? '127.0.0.1'];
    const guarded = guard({ allowAddresses: ['127.0.0.2/32'], resolve });
    await (await guarded(`http://rebinding.example:${port}/first`)).text();
    expect(asked).toBe(1);
    expect((await problemOf(guarded(`http://rebinding.example:${port}/second`))).code).toBe(
      'url-not-allowed',
    );
    expect(seen.map(({ url, at }) => [url, at])).toEqual([['/first', '127.0.0.2']]);
  });

  it('takes the allowed ones of several addresses', async () => {
    const { port, seen } = await serve();
    const resolve = async () => ['127.0.0.1', '::1', '127.0.0.3'];
    const guarded = guard({ allowAddresses: ['127.0.0.3'], resolve });
    await (await guarded(`http://both.example:${port}/`)).text();
    expect(seen.map(({ at }) => at)).toEqual(['127.0.0.3']);
  });

  it('does not reach this machine through a public address of its own', async () => {
    const own = () => ['93.184.216.34', '2606:4700::1', 'fe80::1%eth0'];
    const resolve = async () => own();
    for (const host of ['93.184.216.34', '[2606:4700:0:0::1]', 'me.example']) {
      const problem = await problemOf(guard({ own, resolve })(`http://${host}/`));
      expect(problem.code).toBe('url-not-allowed');
    }
  });

  it('never believes a resolver that says localhost is elsewhere', async () => {
    const { port } = await serve();
    const resolve = async () => ['127.0.0.5'];
    const guarded = guard({ allowAddresses: ['127.0.0.5'], resolve });
    for (const host of ['localhost', 'LOCALHOST', 'localhost.', 'x.localhost']) {
      expect((await problemOf(guarded(`http://${host}:${port}/`))).code).toBe('url-not-allowed');
    }
  });

  it('has one sentence for what is refused and for what does not exist', async () => {
    const { port } = await serve();
    const resolve = async (name: string) => {
      if (name === 'exists.internal') return ['127.0.0.1'];
      if (name === 'empty.internal') return [];
      throw Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    };
    const guarded = guard({ resolve });
    const told = async (host: string, at = port) => {
      const problem = await problemOf(guarded(`http://${host}:${at}/`));
      const { code, message, options } = problem;
      const text = JSON.stringify({ code, message, value: options.value, field: options.field });
      return text.replaceAll(`${host}:${at}`, 'HOST');
    };
    const exists = await told('exists.internal');
    expect(await told('missing.internal')).toBe(exists);
    expect(await told('empty.internal')).toBe(exists);
    expect(await told('exists.internal', 1)).toBe(exists);
    expect(await told('10.0.0.1')).toBe(exists);
  });

  it('lets what may pass be tried again, and nothing else', async () => {
    const resolve = async () => {
      throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
    };
    const again: unknown = await guard({ resolve })('http://lab.example/').catch((error: unknown) => error);
    expect(isApiProblem(again)).toBe(false);
    expect(again).toBeInstanceOf(TypeError);
    expect(await problemOf(guard()('http://10.0.0.1/'))).toMatchObject({ retryable: false });
  });

  it.each([
    'file:///etc/passwd',
    'ftp://1.1.1.1/',
    'data:text/plain,x',
    'blob:http://1.1.1.1/x',
    'gopher://1.1.1.1/',
    'nonsense',
    'http://',
    'http://1.2.3.4.5/',
  ])('reads no %s', async (url) => {
    expect(await problemOf(guard()(url))).toMatchObject({ code: 'url-not-allowed', retryable: false });
  });

  it('reads no URL with a password, and repeats none', async () => {
    const problem = await problemOf(guard()('http://user:hunter22@1.1.1.1/'));
    expect(problem.code).toBe('url-not-allowed');
    expect(JSON.stringify([problem.message, problem.options])).not.toMatch(/hunter22|user:/);
  });
});

describe('a volume opened through it', () => {
  it('is refused at once, in the words of the guard', async () => {
    const { port, seen } = await serve();
    let waits = 0;
    const sleep = async () => void waits++;
    const url = `http://127.0.0.1:${port}/a.zarr`;
    const problem = await problemOf(openVolume(url, { fetch: guard(), sleep }));
    expect(problem).toMatchObject({
      code: 'url-not-allowed',
      message: expect.stringContaining('--allow-address'),
    });
    expect({ waits, seen }).toEqual({ waits: 0, seen: [] });
  });

  it('is read where that is allowed', async () => {
    const npy = encodeNpy(
      ndArray(
        'uint8',
        [2, 3, 4],
        Uint8Array.from({ length: 24 }, (_, i) => i),
      ),
    );
    const { port } = await serve((_, response) => response.end(npy));
    const fetch = guard({ allowAddresses: ['127.0.0.1'] });
    const volume = await openVolume(`http://127.0.0.1:${port}/a.npy`, { fetch });
    expect(volume.shape).toEqual([2, 3, 4]);
    const { data } = await volume.read({ start: [1, 2, 0], stop: [2, 3, 4] });
    expect([...data]).toEqual([20, 21, 22, 23]);
    await volume.close();
  });
});

describe('a guarded fetch does not wait or hold without end', () => {
  const allowed = { allowAddresses: ['127.0.0.1'] };

  it('for headers', async () => {
    const { port } = await serve(() => {});
    const guarded = guard({ ...allowed, headersTimeout: 100 });
    await expect(guarded(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  });

  it('for a body', async () => {
    const { port } = await serve((_, response) => response.write('x'));
    const guarded = guard({ ...allowed, bodyTimeout: 100 });
    await expect((await guarded(`http://127.0.0.1:${port}/`)).text()).rejects.toThrow();
  });

  it('more headers than it was told to', async () => {
    const { port } = await serve((_, response) => response.setHeader('x', 'x'.repeat(2000)).end());
    await expect(guard({ ...allowed, maxHeaderSize: 1000 })(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  it('when its caller has gone', async () => {
    const { port } = await serve(() => {});
    const reason = new Error('gone');
    const controller = new AbortController();
    const answer = guard(allowed)(`http://127.0.0.1:${port}/`, { signal: controller.signal });
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });

  it('for a proxy of the environment, which would resolve names itself', async () => {
    const proxy = await serve();
    const { port } = await serve();
    const before = process.env['http_proxy'];
    process.env['http_proxy'] = `http://127.0.0.1:${proxy.port}`;
    try {
      await (await guard(allowed)(`http://127.0.0.1:${port}/`)).text();
    } finally {
      if (before === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = before;
    }
    expect(proxy.seen).toEqual([]);
  });
});

it('fits where the platform’s fetch fits', () => {
  const fits: (request: string | URL | Request, init?: RequestInit) => Promise<Response> = guard();
  expect(fits).toBeTypeOf('function');
});

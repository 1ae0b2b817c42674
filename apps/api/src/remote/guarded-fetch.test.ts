import fc from 'fast-check';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { isApiProblem, type ApiProblem } from '../problem.ts';
import { createGuardedFetch, type GuardedFetch, type GuardOptions } from './guarded-fetch.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** A server on every address of this machine; remembers what came, and to which address. */
async function serve(listener: RequestListener = (_, response) => response.end('here')) {
  const seen: { url: string; at: string; headers: IncomingMessage['headers'] }[] = [];
  const server: Server = createServer((request, response) => {
    const at = (request.socket.localAddress ?? '').replace('::ffff:', '');
    seen.push({ url: request.url ?? '', at, headers: request.headers });
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens
  return { port, seen };
}

function guard(options: GuardOptions = {}): GuardedFetch {
  const guarded = createGuardedFetch(options);
  open.unshift(guarded); // before the servers
  return guarded;
}

async function problemOf(answer: Promise<unknown>): Promise<ApiProblem> {
  try {
    await answer;
  } catch (error) {
    if (isApiProblem(error)) return error;
    throw error;
  }
  throw new Error('it was answered');
}

const redirectTo =
  (to: string, status = 302): RequestListener =>
  (_, response) => {
    response.writeHead(status, { location: to }).end('elsewhere');
  };

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

  it('refuses private IPv4 however it is written', async () => {
    const octet = fc.nat(255);
    const address = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    );
    const number = fc.constantFrom(
      (n: number) => String(n),
      (n: number) => `0x${n.toString(16)}`,
      (n: number) => `0X${n.toString(16).toUpperCase()}`,
      (n: number) => `0${n.toString(8)}`,
      (n: number) => `000${n.toString(8)}`,
    );
    const spelling = fc.constantFrom<(bytes: number[], as: (n: number) => string) => string>(
      (b, as) => b.map(as).join('.'),
      ([a, b, c, d], as) => `${as(a!)}.${as(b!)}.${as(c! * 256 + d!)}`,
      ([a, b, c, d], as) => `${as(a!)}.${as(b! * 65536 + c! * 256 + d!)}`,
      ([a, b, c, d], as) => as(a! * 2 ** 24 + b! * 65536 + c! * 256 + d!),
      (b, as) => `${b.map(as).join('.')}.`,
      (b) =>
        b
          .map((n) => [...String(n)].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join(''))
          .join('。'),
      (b) => [...b.join('.')].map((char) => `%${char.charCodeAt(0).toString(16)}`).join(''),
      (b) => `[::ffff:${b.join('.')}]`,
      ([a, b, c, d]) => `[::ffff:${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}]`,
      (b) => `[0:0:0:0:0:FFFF:${b.join('.')}]`,
      (b) => `[::${b.join('.')}]`,
      (b) => `[64:ff9b::${b.join('.')}]`,
      ([a, b, c, d]) => `[2002:${(a! * 256 + b!).toString(16)}:${(c! * 256 + d!).toString(16)}::1]`,
    );
    const guarded = guard({ resolve: () => Promise.reject(new Error('no name should be resolved')) });
    await fc.assert(
      fc.asyncProperty(address, number, spelling, async (bytes, as, spell) => {
        const problem = await problemOf(guarded(`http://${spell([...bytes], as)}/`));
        expect(problem.code).toBe('url-not-allowed');
      }),
      { numRuns: 500 },
    );
  });

  it('refuses private IPv6 however it is written', async () => {
    const group = fc.nat(0xffff);
    const first = fc.oneof(
      fc.integer({ min: 0xfc00, max: 0xffff }), // unique-local, link-local, multicast
      fc.integer({ min: 0, max: 0x1fff }),
      fc.constant(0x2002),
    );
    const guarded = guard();
    await fc.assert(
      fc.asyncProperty(
        first,
        fc.array(group, { minLength: 7, maxLength: 7 }),
        fc.boolean(),
        async (a, rest, upper) => {
          const text = [a, ...rest].map((n) => n.toString(16)).join(':');
          const problem = await problemOf(guarded(`http://[${upper ? text.toUpperCase() : text}]/`));
          expect(problem.code).toBe('url-not-allowed');
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('redirects', () => {
  const allowed = { allowAddresses: ['127.0.0.2/32'] };

  it('are followed, as often as five times, whatever the caller says of them', async () => {
    const { port, seen } = await serve((request, response) => {
      const step = Number(request.url?.slice(1));
      if (step === 0) response.end('arrived');
      else response.writeHead(307, { location: `/${step - 1}` }).end();
    });
    const guarded = guard(allowed);
    const response = await guarded(`http://127.0.0.2:${port}/5`, { redirect: 'manual' });
    expect(await response.text()).toBe('arrived');
    expect(seen).toHaveLength(6);
    const problem = await problemOf(guarded(`http://127.0.0.2:${port}/6`));
    expect(problem).toMatchObject({ code: 'volume-unreadable', retryable: false });
    expect(problem.message).toContain('more than 5 times');
  });

  it('in a circle end', async () => {
    const { port, seen } = await serve((_, response) =>
      response.writeHead(302, { location: '/again' }).end(),
    );
    expect((await problemOf(guard(allowed)(`http://127.0.0.2:${port}/`))).code).toBe('volume-unreadable');
    expect(seen).toHaveLength(6);
  });

  it.each([
    'http://127.0.0.1:PORT/',
    'http://localhost:PORT/',
    '//127.1:PORT/',
    'http://inside.example:PORT/',
  ])('to %s are refused, in the sentence of what was asked for', async (to) => {
    const inside = await serve();
    const outside = await serve(redirectTo(to.replace('PORT', String(inside.port))));
    const resolve = async () => ['127.0.0.1'];
    const problem = await problemOf(guard({ ...allowed, resolve })(`http://127.0.0.2:${outside.port}/`));
    expect(problem.code).toBe('url-not-allowed');
    expect(problem.message).toContain(`127.0.0.2:${outside.port} does not lead`);
    expect(problem.message).not.toContain(String(inside.port));
    expect(inside.seen).toEqual([]);
  });

  it.each(['file:///etc/passwd', 'http://user:pass@127.0.0.2/', 'http://%'])(
    'to %s are refused',
    async (to) => {
      const { port } = await serve(redirectTo(to));
      expect((await problemOf(guard(allowed)(`http://127.0.0.2:${port}/`))).code).toBe('url-not-allowed');
    },
  );

  it('keep credentials at their origin, and do not give them back on the way home', async () => {
    const home: { port: number; seen: { headers: IncomingMessage['headers'] }[] } = await serve(
      (request, response) => {
        if (request.url === '/start') redirectTo(`http://127.0.0.2:${away.port}/`)(request, response);
        else response.end('home');
      },
    );
    const away = await serve((request, response) =>
      redirectTo(`http://127.0.0.2:${home.port}/end`)(request, response),
    );
    const headers = { authorization: 'Bearer mine', cookie: 'a=b', range: 'bytes=0-1' };
    await (await guard(allowed)(`http://127.0.0.2:${home.port}/start`, { headers })).text();
    expect(home.seen[0]?.headers).toMatchObject(headers);
    for (const { headers } of [away.seen[0]!, home.seen[1]!]) {
      expect(headers.authorization).toBeUndefined();
      expect(headers.cookie).toBeUndefined();
      expect(headers.range).toBe('bytes=0-1');
    }
  });

  it('of other methods are given back as they are', async () => {
    const { port, seen } = await serve(redirectTo('http://127.0.0.1/'));
    const response = await guard(allowed)(`http://127.0.0.2:${port}/`, { method: 'PUT', body: 'x' });
    expect(response.status).toBe(302);
    expect(seen).toHaveLength(1);
  });
});

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

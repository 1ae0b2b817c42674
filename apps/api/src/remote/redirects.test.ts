import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { guard, problemOf, redirectTo, serve } from './remote.fixture.ts';

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

import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config.ts';
import { openDatabase } from '../database.ts';
import type { Env } from '../environment.ts';
import { isApiProblem } from '../problem.ts';
import { accessPolicy, authorizeByStore } from './policy.ts';
import { KeyStore } from './store.ts';

describe('who may use a server', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost', 'LOCALHOST', 'api.localhost'])(
    'without keys: everybody on this machine, at %s, and it is said',
    (host) => {
      expect(accessPolicy({ host, keyCount: 0 })).toEqual({
        keys: 'none',
        notice: expect.stringContaining('no API keys'),
      });
    },
  );

  it.each(['0.0.0.0', '::', '', '10.0.0.1', 'example.com', 'localhost.example.com', '127.0.0.1.example.com'])(
    'without keys: nobody at %j, and the remedy is said',
    (host) => {
      expect(() => accessPolicy({ host, keyCount: 0 })).toThrow(ConfigError);
      expect(() => accessPolicy({ host, keyCount: 0 })).toThrow(/npm run keys -- create/);
    },
  );

  it.each(['127.0.0.1', '0.0.0.0'])('with keys: who has one, at %s too', (host) => {
    expect(accessPolicy({ host, keyCount: 1 })).toMatchObject({ keys: 'needed' });
  });
});

describe('a server that runs', () => {
  const app = (store: KeyStore) => {
    const authorize = authorizeByStore(store);
    const app = new Hono<Env>();
    app.onError((error) =>
      isApiProblem(error) ? error.toResponse('r') : new Response('?', { status: 599 }),
    );
    app.get('/', async (c) => {
      await authorize(c, 'segment');
      return c.text(c.get('owner'));
    });
    return app;
  };

  it('asks for keys from the first one on, and when the last one is revoked', async () => {
    const store = new KeyStore(openDatabase(':memory:'));
    const server = app(store);
    const open = await server.request('/');
    expect([open.status, await open.text()]).toEqual([200, 'anonymous']);
    const { id, token } = await store.create({ name: 'lab', scopes: ['segment'] });
    expect((await server.request('/')).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect(await (await server.request('/', { headers })).text()).toBe(id);
    store.revoke(id);
    expect((await server.request('/', { headers })).status).toBe(401);
    expect((await server.request('/')).status).toBe(401);
  });

  it('without keys does not answer to the name of a web page that resolves to this machine', async () => {
    const store = new KeyStore(openDatabase(':memory:'));
    const rebound = await app(store).request('http://evil.example:8787/');
    expect(rebound.status).toBe(403);
    expect((await app(store).request('http://127.0.0.1:8787/')).status).toBe(200);
    const { token } = await store.create({ name: 'lab', scopes: ['segment'] });
    const headers = { authorization: `Bearer ${token}` };
    expect((await app(store).request('http://api.example/', { headers })).status).toBe(200);
  });
});

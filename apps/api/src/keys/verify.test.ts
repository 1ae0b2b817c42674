import { Hono } from 'hono';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Env } from '../environment.ts';
import { isApiProblem } from '../problem.ts';
import { hashSecret, newToken, type NewToken } from './token.ts';
import { authorizeWith, type FindKey, type KeyRecord } from './verify.ts';

const now = 1_000_000;
const random = (): NewToken => newToken((bytes) => crypto.getRandomValues(bytes));
let good: NewToken;
let key: KeyRecord;
beforeAll(async () => {
  good = random();
  key = { id: good.id, name: 'lab', hash: await hashSecret(good.secret), scopes: ['segment'] };
});

/** Asks for the scope `segment`; answers with the owner. */
function ask(find: FindKey, authorization?: string, scope: 'segment' | 'volumes:read' = 'segment') {
  const app = new Hono<Env>();
  const authorize = authorizeWith(find, () => now);
  app.onError((error) => (isApiProblem(error) ? error.toResponse('r') : new Response('?', { status: 599 })));
  app.get('/', async (c) => {
    await authorize(c, scope);
    return c.text(c.get('owner'));
  });
  return app.request('/', { headers: authorization === undefined ? {} : { authorization } });
}

const refusal = async (response: Response | Promise<Response>) => {
  const { status, headers } = await response;
  return { status, challenge: headers.get('www-authenticate'), body: await (await response).json() };
};

describe('a request to a server with keys', () => {
  it('passes with a key that has the scope, and belongs to it', async () => {
    const response = await ask(() => key, `Bearer ${good.token}`);
    expect([response.status, await response.text()]).toEqual([200, good.id]);
  });

  it('waits for a key that is found elsewhere', async () => {
    expect((await ask(async () => key, `Bearer ${good.token}`)).status).toBe(200);
  });

  it('is told that a key is needed', async () => {
    expect(await refusal(ask(() => key))).toMatchObject({
      status: 401,
      challenge: 'Bearer',
      body: { code: 'unauthorized', detail: expect.stringContaining('send one as `Authorization: Bearer') },
    });
  });

  it.each(['Basic dXNlcjpwYXNz', 'Bearer secret-word', 'Bearer'])(
    'is told what a key looks like, not what it sent: %s',
    async (authorization) => {
      const { status, challenge, body } = await refusal(ask(() => key, authorization));
      expect({ status, challenge }).toEqual({ status: 401, challenge: 'Bearer' });
      expect(JSON.stringify(body)).not.toMatch(/secret-word|dXNl/);
    },
  );

  it('cannot tell an unknown id from a wrong secret', async () => {
    const unknown = await refusal(ask(() => undefined, `Bearer ${good.token}`));
    const wrong = await refusal(ask(() => key, `Bearer tu_${good.id}_${random().secret}`));
    expect(unknown).toEqual(wrong);
    expect(unknown).toMatchObject({ status: 401, challenge: 'Bearer' });
  });

  it('cannot tell a revoked key from an unknown one without its secret, and can with it', async () => {
    const revoked = { ...key, until: now };
    const without = await refusal(ask(() => revoked, `Bearer tu_${good.id}_${random().secret}`));
    expect(without).toEqual(await refusal(ask(() => undefined, `Bearer ${good.token}`)));
    const owner = await refusal(ask(() => revoked, `Bearer ${good.token}`));
    expect(owner).toMatchObject({ status: 401, body: { detail: expect.stringContaining('revoked') } });
    expect((await ask(() => ({ ...key, until: now + 1 }), `Bearer ${good.token}`)).status).toBe(200);
  });

  it('is told the scope that its key has not', async () => {
    const { status, body } = await refusal(ask(() => key, `Bearer ${good.token}`, 'volumes:read'));
    expect(status).toBe(403);
    expect(body).toMatchObject({ code: 'forbidden', limit: 'volumes:read' });
    expect(JSON.stringify(body)).not.toContain(good.secret);
  });

  it('does not pass with a record whose hash is cut, empty or of another key', async () => {
    for (const hash of ['', key.hash.slice(0, 63), `${key.hash}0`, await hashSecret('other')]) {
      expect((await ask(() => ({ ...key, hash }), `Bearer ${good.token}`)).status).toBe(401);
    }
  });
});

import { expect, test } from 'vitest';
import { exportKeys } from '../keys/exported.ts';
import { hashSecret, newToken } from '../keys/token.ts';
import { posted, testWorker, written, type ProblemBody } from './testing.fixture.ts';

const { id, secret, token } = newToken((bytes) => crypto.getRandomValues(bytes));
const API_KEYS = exportKeys(
  [{ id, name: 'lab', hash: await hashSecret(secret), scopes: ['volumes:read'] }],
  Date.now(),
);
const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

test('with keys, one with the scope is needed', async () => {
  const { json, send } = testWorker({ API_KEYS });
  const none = await json<ProblemBody>('/v1/volumes');
  expect({ status: none.status, code: none.body.code }).toEqual({ status: 401, code: 'unauthorized' });
  expect((await send('/v1/volumes', bearer(token))).status).toBe(200);
  expect((await send('/v1/volumes', bearer(token.slice(0, -1) + '-'))).status).toBe(401);
  const request = posted({}, { authorization: `Bearer ${token}` });
  expect((await json<ProblemBody>('/v1/volumes', request)).body.code).toBe('forbidden');
});

test('without keys and without leave for everybody nobody is let in, and the answer says what to set', async () => {
  const { json } = testWorker({ ALLOW_ANONYMOUS: 'yes' });
  const { status, body } = await json<ProblemBody>('/v1/volumes', posted({}));
  expect({ status, code: body.code }).toEqual({ status: 503, code: 'unavailable' });
  expect(body.detail).toContain('API_KEYS');
});

test('health, the contract and the index need no key', async () => {
  const { send, container } = testWorker({ ALLOW_ANONYMOUS: '' });
  container.answer = () => Response.json({ status: 'ok' });
  for (const path of ['/', '/healthz', '/readyz', '/openapi.json'])
    expect((await send(path)).status, path).toBe(200);
});

test('a secret that holds no keys is a 503 that shows none of it', async () => {
  const { json } = testWorker({ API_KEYS: '[{"hash":"deadbeef"}]' });
  const { status, body } = await json<ProblemBody>('/v1/volumes');
  expect(status).toBe(503);
  expect(body.detail).toContain('API_KEYS');
  expect(body.detail).not.toContain('deadbeef');
});

test('the container reads volumes with its own key, and does nothing else with it', async () => {
  const id = await written(testWorker());
  const { send } = testWorker({ API_KEYS });
  const own = bearer('key-of-the-container');
  expect((await send(`/v1/volumes/${id}/c/0`, own)).status).toBe(200);
  expect((await send(`/v1/volumes/${id}`, { method: 'DELETE', ...own })).status).toBe(401);
  expect((await send(`/v1/segmentations`, own)).status).toBe(401);
});

test('what the operator has left out is named', async () => {
  for (const name of ['CONTAINER_URL', 'CONTAINER_KEY'] as const) {
    const { status, body } = await testWorker({ [name]: '' }).json<ProblemBody>('/v1/segmentations');
    expect({ status, field: body.field }).toEqual({ status: 503, field: name });
  }
});

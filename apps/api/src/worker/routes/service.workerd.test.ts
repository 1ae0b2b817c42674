import { expect, test } from 'vitest';
import { testWorker, type ProblemBody } from '../testing.fixture.ts';

test('health and readiness are what the container says', async () => {
  const { container, send } = testWorker();
  container.answer = ({ url }) => Response.json({ status: url.endsWith('/healthz') ? 'ok' : 'ready' });
  expect(await (await send('/healthz')).json()).toEqual({ status: 'ok' });
  expect(await (await send('/readyz')).json()).toEqual({ status: 'ready' });
});

test('a container that is starting is not ready, and says when to ask again', async () => {
  const { container, send } = testWorker();
  container.answer = () =>
    new Response('{"code":"unavailable"}', {
      status: 503,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '5' },
    });
  const response = await send('/readyz');
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
});

test('a container that does not answer is neither well nor ready', async () => {
  const { container, json, logged } = testWorker();
  container.answer = () => Promise.reject(new TypeError('connection refused'));
  const health = await json<ProblemBody>('/healthz');
  expect({ status: health.status, code: health.body.code }).toEqual({ status: 502, code: 'upstream-failed' });
  const ready = await json<ProblemBody>('/readyz');
  expect({ status: ready.status, code: ready.body.code }).toEqual({ status: 503, code: 'unavailable' });
  expect(logged.map(({ path, status }) => [path, status])).toEqual([
    ['/healthz', 502],
    ['/readyz', 503],
  ]);
});

test('the index links what there is; what there is not is a problem that says so', async () => {
  const { json } = testWorker();
  expect((await json<{ links: object }>('/')).body.links).toMatchObject({ volumes: '/v1/volumes' });
  expect((await json<ProblemBody>('/nothing')).body.code).toBe('not-found');
  expect((await json<ProblemBody>('/v1/volumes', { method: 'PATCH' })).body.code).toBe('method-not-allowed');
});

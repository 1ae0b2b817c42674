import { expect, test } from 'vitest';
import { testWorker, type ProblemBody } from '../testing.fixture.ts';

const npy = { 'content-type': 'application/x-npy' };

test('a volume and its labels stream through, with the request id on both sides', async () => {
  const { container, send } = testWorker();
  container.answer = async ({ body }) =>
    new Response(await new Response(body).text().then((text) => text.toUpperCase()), {
      headers: {
        ...npy,
        'tokenunify-model': 'sha256:1',
        'server-timing': 'tiles;dur=1',
        connection: 'close',
      },
    });
  const response = await send('/v1/segment?threshold=0.5', {
    method: 'POST',
    headers: { ...npy, 'x-request-id': 'mine', authorization: 'Bearer of-the-caller' },
    body: 'voxels',
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('VOXELS');
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'tokenunify-model': 'sha256:1',
    'server-timing': 'tiles;dur=1',
    'x-request-id': 'mine',
  });
  expect(response.headers.has('connection')).toBe(false);
  expect(container.last.url).toBe('http://container.test/v1/segment?threshold=0.5');
  expect(container.last.headers.get('x-request-id')).toBe('mine');
  expect(container.last.headers.get('authorization')).toBe('Bearer key-of-the-container');
});

test('60 MB each way are never held: what waits in the Worker is less than a megabyte', async () => {
  const total = 60_000_000;
  const piece = new Uint8Array(60_000);
  let most = 0;
  const source = (onPiece: () => void) => {
    let left = total;
    return new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (left === 0) return controller.close();
          left -= piece.length;
          onPiece();
          controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
  };
  /** Looks when a piece sets out: one that all waited for arrives alone, and would not be seen any more. */
  const between = { container: 0, client: 0 };
  const sets = (to: keyof typeof between) => () => (most = Math.max(most, (between[to] += piece.length)));
  const drain = async (body: ReadableStream<Uint8Array>, at: keyof typeof between) => {
    let size = 0;
    for await (const bytes of body) {
      between[at] -= bytes.length;
      size += bytes.length;
    }
    return size;
  };
  const { container, send } = testWorker();
  let received = 0;
  container.answer = async ({ body }) => {
    received = await drain(body as ReadableStream<Uint8Array>, 'container');
    return new Response(source(sets('client')), { headers: npy });
  };
  const response = await send('/v1/segment', {
    method: 'POST',
    headers: npy,
    body: source(sets('container')),
  });
  expect(response.status).toBe(200);
  const back = await drain(response.body as ReadableStream<Uint8Array>, 'client');
  expect({ received, back }).toEqual({ received: total, back: total });
  expect(most).toBeLessThan(1_000_000);
});

test('a query is refused here, and the container is not asked', async () => {
  const { container, json } = testWorker();
  const { status, body } = await json<ProblemBody>('/v1/segment?threshold=2', {
    method: 'POST',
    headers: npy,
    body: 'x',
  });
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid-parameter' });
  expect(container.asked).toEqual([]);
});

test('what the container refuses passes as it is, with Retry-After', async () => {
  const { container, send } = testWorker();
  container.answer = () =>
    new Response('{"code":"busy"}', {
      status: 429,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '7' },
    });
  const response = await send('/v1/segment', { method: 'POST', headers: npy, body: 'x' });
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  expect(await response.json()).toEqual({ code: 'busy' });
});

test.each([
  ['does not answer', () => Promise.reject(new TypeError('connection refused'))],
  ['is behind a proxy that says so in HTML', () => new Response('<html>', { status: 523 })],
  ['sends elsewhere', () => new Response(null, { status: 302, headers: { location: 'http://other.test' } })],
  ['does not know our key', () => new Response('{}', { status: 401 })],
])('a container that %s is a 502', async (_, answer) => {
  const { container, json } = testWorker();
  container.answer = answer;
  const { status, body } = await json<ProblemBody>('/v1/segment', {
    method: 'POST',
    headers: npy,
    body: 'x',
  });
  expect({ status, code: body.code }).toEqual({ status: 502, code: 'upstream-failed' });
  expect(body.detail).not.toContain('key-of-the-container');
});

test('a client that goes away takes its request at the container with it', async () => {
  const { container, json } = testWorker();
  const client = new AbortController();
  container.answer = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      setTimeout(() => client.abort(), 10);
    });
  const { body } = await json<ProblemBody>('/v1/segment', {
    method: 'POST',
    headers: npy,
    body: 'x',
    signal: client.signal,
  });
  expect(body.code).toBe('client-closed-request');
  expect(container.last.signal.aborted).toBe(true);
});

test('a body that cannot pass is refused before it is sent', async () => {
  const { container, json } = testWorker();
  const headers = { ...npy, 'content-length': '100000001' };
  const { status, body } = await json<ProblemBody>('/v1/segment', { method: 'POST', headers, body: 'x' });
  expect({ status, code: body.code }).toEqual({ status: 413, code: 'body-too-large' });
  expect(body.detail).toContain('in chunks');
  expect(container.asked).toEqual([]);
});

test('JSON has the limit of the contract, and no other', async () => {
  const { json } = testWorker();
  const of = (bytes: number) => {
    const empty = JSON.stringify({ name: '' }).length;
    const body = JSON.stringify({ name: 'x'.repeat(bytes - empty) });
    const headers = { 'content-type': 'application/json', 'content-length': String(bytes) };
    return json<ProblemBody>('/v1/volumes', { method: 'POST', headers, body });
  };
  // as far as the check of the name
  expect((await of(2 ** 20)).body).toMatchObject({ code: 'invalid-body' });
  expect((await of(2 ** 20 + 1)).body).toMatchObject({ code: 'body-too-large', limit: 2 ** 20 });
});

test('a body that does not say its length is cut off at the same limit', async () => {
  const { container, json } = testWorker();
  container.answer = async ({ body }) => {
    for await (const _ of body as ReadableStream<Uint8Array>);
    return new Response();
  };
  let left = 110;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(1e6)) : controller.close()),
  });
  const answer = await json<ProblemBody>('/v1/segment', { method: 'POST', headers: npy, body });
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 413, code: 'body-too-large' });
});

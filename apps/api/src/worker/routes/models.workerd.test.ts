import { expect, test } from 'vitest';
import { exportKeys } from '../../keys/exported.ts';
import { hashSecret, newToken } from '../../keys/token.ts';
import { posted, testWorker, type ProblemBody } from '../testing.fixture.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const at = `/v1/models/${encodeURIComponent(digest)}`;
const zip = { 'content-type': 'application/zip' };

test('every operation goes to the container, as it was asked', async () => {
  const { container, send } = testWorker();
  const empty = { method: 'POST' };
  for (const [path, init, method, body] of [
    ['/v1/models?state=ready&limit=5', {}, 'GET', null],
    [at, {}, 'GET', null],
    [`${at}/promote`, posted({ expected: digest, reason: 'x' }), 'POST', { expected: digest, reason: 'x' }],
    [`${at}/promote`, empty, 'POST', {}],
    [`${at}/challenge`, posted({}), 'POST', {}],
    [`${at}/retire`, empty, 'POST', null],
    [at, { method: 'DELETE' }, 'DELETE', null],
    ['/v1/deployment', {}, 'GET', null],
    ['/v1/deployment', { ...posted({ canaryPercent: 5 }), method: 'PATCH' }, 'PATCH', { canaryPercent: 5 }],
    ['/v1/deployment/rollback', empty, 'POST', {}],
    ['/v1/deployment/comparisons?limit=2', {}, 'GET', null],
  ] as const) {
    container.answer = () => Response.json({ from: 'the container' });
    const response = await send(path, init);
    expect(await response.json()).toEqual({ from: 'the container' });
    const { last } = container;
    expect([last.method, last.url]).toEqual([method, `http://container.test${path}`]);
    expect(last.headers.get('authorization')).toBe('Bearer key-of-the-container');
    const sent = last.body === null ? null : await new Response(last.body).text();
    expect(sent === null || sent === '' ? null : JSON.parse(sent)).toEqual(body);
    if (body !== null) expect(last.headers.get('content-type')).toBe('application/json');
  }
});

test('a package streams to the container, and the answer comes back with its location', async () => {
  const { container, send } = testWorker();
  container.answer = async ({ body, headers }) => {
    expect(headers.get('content-type')).toBe('application/zip');
    expect(await new Response(body).text()).toBe('PK');
    return Response.json({ digest }, { status: 201, headers: { location: `/v1/models/${digest}` } });
  };
  const response = await send('/v1/models', { method: 'POST', headers: zip, body: 'PK' });
  expect([response.status, response.headers.get('location')]).toEqual([201, `/v1/models/${digest}`]);
});

test('60 MB of a package are never held: what waits in the Worker is less than a megabyte', async () => {
  const piece = new Uint8Array(60_000);
  let [left, between, most, received] = [60_000_000, 0, 0, 0];
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left === 0) return controller.close();
        left -= piece.length;
        most = Math.max(most, (between += piece.length));
        controller.enqueue(piece);
      },
    },
    { highWaterMark: 0 },
  );
  const { container, send } = testWorker();
  container.answer = async (asked) => {
    for await (const bytes of asked.body as ReadableStream<Uint8Array>) {
      between -= bytes.length;
      received += bytes.length;
    }
    return Response.json({ digest }, { status: 201 });
  };
  expect((await send('/v1/models', { method: 'POST', headers: zip, body })).status).toBe(201);
  expect(received).toBe(60_000_000);
  expect(most).toBeLessThan(1_000_000);
});

test.each([
  [
    'says its length',
    (): RequestInit => ({ headers: { ...zip, 'content-length': '100000001' }, body: 'PK' }),
  ],
  [
    'does not',
    (): RequestInit => {
      let left = 110;
      const body = new ReadableStream<Uint8Array>({
        pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(1e6)) : controller.close()),
      });
      return { headers: zip, body };
    },
  ],
])('a package that no Worker takes, and that %s, is sent to the server itself', async (_, init) => {
  const { container, json } = testWorker();
  container.answer = async ({ body }) => {
    for await (const bytes of body as ReadableStream<Uint8Array>) void bytes;
    return new Response();
  };
  const answer = await json<ProblemBody>('/v1/models', { method: 'POST', ...init() });
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 413, code: 'body-too-large' });
  expect(answer.body.detail).toMatch(/the segmentation server itself.*CONTAINER_URL/);
  expect(answer.body.detail).not.toContain('container.test');
});

test.each([
  [
    'is too large',
    (left: number) => (left > 0 ? new Uint8Array(1e6) : undefined),
    { status: 413, code: 'body-too-large' },
  ],
  [
    'breaks off',
    (left: number) => {
      if (left < 108) throw new Error('The sender has gone.');
      return new Uint8Array(10);
    },
    { status: 502, code: 'upstream-failed' },
  ],
])(
  'the container hears it of a body that %s, and never takes it for a whole one',
  async (_, next, expected) => {
    const { container, json } = testWorker();
    // as workerd does it: a chunked body that fails ends like any other
    container.answer = async ({ body, signal }) => {
      const reader = (body as ReadableStream<Uint8Array>).getReader();
      for (;;) if ((await reader.read().catch(() => ({ done: true }))).done) break;
      if (signal.aborted) throw new Error('The connection was broken off.');
      return Response.json({ digest }, { status: 201 });
    };
    let left = 110;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const bytes = next(left--);
        if (bytes) controller.enqueue(bytes);
        else controller.close();
      },
    });
    const answer = await json<ProblemBody>('/v1/models', { method: 'POST', headers: zip, body });
    expect({ status: answer.status, code: answer.body.code }).toEqual(expected);
  },
);

test('files come back in part, when they are known, and as HEAD', async () => {
  const { container, send } = testWorker();
  const etag = '"ab"';
  container.answer = ({ method, headers }) => {
    if (headers.get('if-none-match') === etag) return new Response(null, { status: 304, headers: { etag } });
    if (method === 'HEAD') return new Response(null, { headers: { etag, 'content-length': '10' } });
    expect([headers.get('range'), headers.get('if-range')]).toEqual(['bytes=0-1', etag]);
    return new Response('01', { status: 206, headers: { etag, 'content-range': 'bytes 0-1/10' } });
  };
  const file = `${at}/files/model.onnx`;
  expect((await send(file, { headers: { 'if-none-match': etag } })).status).toBe(304);
  const head = await send(file, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
  expect(container.last.method).toBe('HEAD');
  const part = await send(file, { headers: { range: 'bytes=0-1', 'if-range': etag } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 0-1/10',
    '01',
  ]);
});

test('what the container refuses passes as it is', async () => {
  const { container, json } = testWorker();
  container.answer = () =>
    new Response('{"code":"alias-moved"}', {
      status: 409,
      headers: { 'content-type': 'application/problem+json' },
    });
  expect(await json(`${at}/promote`, posted({ expected: digest }))).toEqual({
    status: 409,
    body: { code: 'alias-moved' },
  });
});

test('what is wrong with a request is said here, and the container is not asked', async () => {
  const { container, json } = testWorker();
  for (const [path, init, code] of [
    ['/v1/models?state=broken', {}, 'invalid-parameter'],
    [`${at}/promote`, posted({ expcted: digest }), 'invalid-body'],
    ['/v1/deployment', { ...posted({ canaryPercent: 200 }), method: 'PATCH' }, 'invalid-body'],
    ['/v1/deployment', { method: 'PATCH' }, 'unsupported-content-type'],
  ] as const)
    expect((await json<ProblemBody>(path, init)).body.code).toBe(code);
  expect(container.asked).toEqual([]);
});

test('a key that may only read changes nothing, and the container is not asked', async () => {
  const { id, secret, token } = newToken((bytes) => crypto.getRandomValues(bytes));
  const key = { id, name: 'lab', hash: await hashSecret(secret), scopes: ['models:read'] };
  const { container, send, json } = testWorker({ API_KEYS: exportKeys([key], Date.now()) });
  const authorization = `Bearer ${token}`;
  expect((await send('/v1/deployment', { headers: { authorization } })).status).toBe(200);
  const asked = container.asked.length;
  for (const [path, method] of [
    ['/v1/models', 'POST'],
    [`${at}/promote`, 'POST'],
    [`${at}/challenge`, 'POST'],
    [`${at}/retire`, 'POST'],
    [at, 'DELETE'],
    ['/v1/deployment', 'PATCH'],
    ['/v1/deployment/rollback', 'POST'],
  ] as const) {
    const { status, body } = await json<ProblemBody>(path, { method, headers: { authorization } });
    expect([path, status, body.code]).toEqual([path, 403, 'forbidden']);
    expect(body.detail).toContain('models:write');
  }
  expect(container.asked).toHaveLength(asked);
});

test('a client that goes away takes its upload at the container with it', async () => {
  const { container, json } = testWorker();
  const client = new AbortController();
  container.answer = ({ signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      setTimeout(() => client.abort(), 10);
    });
  const { body } = await json<ProblemBody>('/v1/models', {
    method: 'POST',
    headers: zip,
    body: 'PK',
    signal: client.signal,
  });
  expect(body.code).toBe('client-closed-request');
  expect(container.last.signal.aborted).toBe(true);
});

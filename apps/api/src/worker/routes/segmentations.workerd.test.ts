import { expect, test } from 'vitest';
import { exportKeys } from '../../keys/exported.ts';
import { hashSecret, newToken } from '../../keys/token.ts';
import {
  posted,
  put,
  testWorker,
  written,
  zarrJson,
  type ProblemBody,
  type TestWorker,
} from '../testing.fixture.ts';

const job = (input: unknown) => ({
  id: 'seg_1',
  state: 'queued',
  input,
  links: { self: '/v1/segmentations/seg_1' },
});
const sentBody = async ({ container }: TestWorker): Promise<Record<string, unknown>> =>
  JSON.parse(String(container.last.body));

/** Answers like a container that takes every job. */
function accepting(): TestWorker {
  const worker = testWorker();
  worker.container.answer = ({ method, body }) =>
    method === 'POST'
      ? Response.json(job(JSON.parse(String(body)).input), {
          status: 202,
          headers: { location: '/v1/segmentations/seg_1', 'preference-applied': 'wait=5' },
        })
      : Response.json({ items: [] });
  return worker;
}

async function sealed(worker: TestWorker): Promise<string> {
  const id = await written(worker);
  await worker.send(`/v1/volumes/${id}/seal`, posted({}));
  return id;
}

test('a job on a volume of the bucket reaches the container as an address here, and is shown as the volume', async () => {
  const worker = accepting();
  const volume = await sealed(worker);
  const response = await worker.send(
    '/v1/segmentations',
    posted({ input: { volume, dataset: 'raw' }, name: 'mine' }, { prefer: 'wait=5' }),
  );
  expect(response.status).toBe(202);
  expect(response.headers.get('location')).toBe('/v1/segmentations/seg_1');
  expect(response.headers.get('preference-applied')).toBe('wait=5');
  expect(await sentBody(worker)).toMatchObject({
    name: 'mine',
    input: { url: `http://worker.test/v1/volumes/${volume}`, dataset: 'raw' },
  });
  expect(worker.container.last.headers.get('prefer')).toBe('wait=5');
  expect(await response.json()).toMatchObject({ input: { volume, dataset: 'raw' } });
});

test('the container is told the origin that the operator says, if one is said', async () => {
  const worker = testWorker({ PUBLIC_ORIGIN: 'https://em.test/' });
  const volume = await sealed(worker);
  worker.container.answer = ({ body }) => Response.json(job(JSON.parse(String(body)).input), { status: 202 });
  const { body } = await worker.json<object>('/v1/segmentations', posted({ input: { volume } }));
  expect(await sentBody(worker)).toMatchObject({ input: { url: `https://em.test/v1/volumes/${volume}` } });
  expect(body).toMatchObject({ input: { volume } });
});

test('why a job failed is told of the volume, not of the address that the container reads', async () => {
  const worker = testWorker();
  const volume = await sealed(worker);
  const url = `http://worker.test/v1/volumes/${volume}`;
  const error = { type: 't', title: 't', code: 'volume-unreadable', detail: `${url} has no chunks.` };
  worker.container.answer = () => Response.json({ ...job({ url }), state: 'failed', error });
  const { body } = await worker.json<object>('/v1/segmentations/seg_1');
  expect(body).toMatchObject({ input: { volume }, error: { detail: `The volume ${volume} has no chunks.` } });
});

test('jobs on paths, addresses and volumes of the container pass as they are', async () => {
  const worker = accepting();
  const inputs = [
    { path: 'a.zarr' },
    { url: 'https://elsewhere.test/v1/volumes/vol_0000000000w000000000' },
    { volume: 'vol_00000000000000000000' },
    { volume: 'vol_0000000000w000000000' },
  ];
  for (const input of inputs) {
    const { body } = await worker.json<{ input: unknown }>('/v1/segmentations', posted({ input }));
    expect((await sentBody(worker))['input']).toEqual(input);
    expect(body.input).toEqual(input);
  }
});

test('a job on a volume that is not sealed is refused here', async () => {
  const worker = accepting();
  const volume = await written(worker);
  const { status, body } = await worker.json<ProblemBody>('/v1/segmentations', posted({ input: { volume } }));
  expect({ status, code: body.code }).toEqual({ status: 409, code: 'volume-unsealed' });
  expect(worker.container.asked).toEqual([]);
});

test('equal idempotency keys of two callers do not meet in the container', async () => {
  const lab = async (name: string) => {
    const { id, secret, token } = newToken((bytes) => crypto.getRandomValues(bytes));
    const scopes = ['segmentations:write'];
    return { token, record: { id, name, hash: await hashSecret(secret), scopes } };
  };
  const labs = [await lab('a'), await lab('b')];
  const API_KEYS = exportKeys(
    labs.map(({ record }) => record),
    Date.now(),
  );
  const worker = testWorker({ API_KEYS });
  worker.container.answer = () => Response.json(job({ path: 'x' }), { status: 202 });
  const sent: string[] = [];
  for (const key of ['run-1', 'k'.repeat(255)]) {
    for (const { token } of labs) {
      const headers = { authorization: `Bearer ${token}`, 'idempotency-key': key };
      await worker.send('/v1/segmentations', posted({ input: { path: 'x' } }, headers));
      sent.push(worker.container.last.headers.get('idempotency-key') ?? '');
    }
  }
  expect(new Set(sent).size).toBe(4);
  expect(sent[0]).toBe(`${labs[0]?.record.id}:run-1`);
  expect(sent.every(({ length }) => length <= 255)).toBe(true);
});

test('lists, single jobs and what is done with them pass, and show volumes of the bucket', async () => {
  const worker = testWorker();
  const volume = 'vol_0000000000w000000000';
  const input = { url: `http://worker.test/v1/volumes/${volume}` };
  const { container, json, send } = worker;
  container.answer = () => Response.json({ items: [job(input), job({ path: 'x' })], next: 'seg_0' });
  const list = await json<{ items: { input: unknown }[] }>('/v1/segmentations?state=queued&limit=2');
  expect(list.body).toMatchObject({
    items: [{ input: { volume } }, { input: { path: 'x' } }],
    next: 'seg_0',
  });
  expect(container.last.url).toBe('http://container.test/v1/segmentations?state=queued&limit=2');
  container.answer = () => Response.json(job(input));
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/cancel'],
    ['POST', '/resume'],
  ]) {
    const { body } = await json<object>(`/v1/segmentations/seg_1${path}`, { method });
    expect(body).toMatchObject({ input: { volume } });
    expect([container.last.method, container.last.url]).toEqual([
      method,
      `http://container.test/v1/segmentations/seg_1${path}`,
    ]);
  }
  await json('/v1/segmentations/seg_1/relabel', posted({ threshold: 0.5 }));
  expect(await sentBody(worker)).toEqual({ threshold: 0.5 });
  container.answer = () => new Response(null, { status: 204 });
  expect((await send('/v1/segmentations/seg_1', { method: 'DELETE' })).status).toBe(204);
  container.answer = () => Response.json({ code: 'segmentation-not-found' }, { status: 404 });
  expect((await send('/v1/segmentations/seg_2')).status).toBe(404);
});

test('events stream as they come, from behind the last one that was seen', async () => {
  const { container, send } = testWorker();
  let say = (_: string) => {};
  container.answer = () => {
    const encoder = new TextEncoder();
    const body = new ReadableStream({ start: (c) => void (say = (text) => c.enqueue(encoder.encode(text))) });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const response = await send('/v1/segmentations/seg_1/events', { headers: { 'last-event-id': '7' } });
  expect(container.last.headers.get('last-event-id')).toBe('7');
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (const text of ['id: 8\n\n', 'id: 9\n\n']) {
    say(text);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(text);
  }
  await reader.cancel();
});

test('a volume that a job still reads is not deleted', async () => {
  const worker = testWorker();
  const { container, json, send } = worker;
  const volume = await sealed(worker);
  const reading = job({ url: `https://other-name.test/v1/volumes/${volume}` });
  for (const state of ['queued', 'running']) {
    container.answer = ({ url }) => {
      if (!url.includes(`state=${state}`)) return Response.json({ items: [] });
      return url.includes('cursor=')
        ? Response.json({ items: [reading] })
        : Response.json({ items: [], next: 'x' });
    };
    const { status, body } = await json<ProblemBody>(`/v1/volumes/${volume}`, { method: 'DELETE' });
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'volume-in-use' });
  }
  container.answer = () => Promise.reject(new TypeError('connection refused'));
  expect((await send(`/v1/volumes/${volume}`, { method: 'DELETE' })).status).toBe(502);
  container.answer = () => Response.json({ items: [] });
  expect((await send(`/v1/volumes/${volume}`, { method: 'DELETE' })).status).toBe(204);
});

test('volumes of the container are read, listed and refused through the Worker', async () => {
  const { container, json, send } = testWorker();
  const result = { id: 'vol_zzzzzzzzzz0000000000', state: 'sealed' };
  const own = await written(testWorker());
  container.answer = ({ url, method }) => {
    if (url.includes('/v1/volumes?')) return Response.json({ items: [result] });
    if (method === 'PUT') return Response.json({ code: 'volume-sealed' }, { status: 409 });
    if (url.endsWith('/c/0'))
      return new Response('labels', { headers: { etag: '"1"', 'content-length': '6' } });
    return Response.json(result);
  };
  expect((await json(`/v1/volumes/${result.id}`)).body).toEqual(result);
  const value = await send(`/v1/volumes/${result.id}/c/0`, { headers: { range: 'bytes=0-5' } });
  expect([await value.text(), value.headers.get('etag')]).toEqual(['labels', '"1"']);
  expect(container.last.headers.get('range')).toBe('bytes=0-5');
  expect((await send(`/v1/volumes/${result.id}/zarr.json`, put(zarrJson()))).status).toBe(409);
  const list = await json<{ items: { id: string }[] }>('/v1/volumes?limit=50');
  expect(list.body.items[0]?.id).toBe(result.id);
  expect(list.body.items.map(({ id }) => id)).toContain(own);
});

test('HEAD of jobs and lists is answered like GET, and HEAD of events opens no stream', async () => {
  const { container, send } = testWorker();
  const streams: ReadableStream[] = [];
  container.answer = ({ method, url }) => {
    if (url.endsWith('/events')) {
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
      if (method === 'HEAD') return new Response(null, { headers });
      streams.push(new ReadableStream());
      return new Response(streams[0], { headers });
    }
    if (url.includes('seg_2'))
      return Response.json(
        { code: 'segmentation-not-found' },
        { status: 404, headers: { 'content-type': 'application/problem+json' } },
      );
    // as a server does: the headers, and no body to parse
    if (method === 'HEAD') return new Response(null, { headers: { 'content-type': 'application/json' } });
    return Response.json(url.endsWith('/seg_1') ? job({ path: 'x' }) : { items: [job({ path: 'x' })] });
  };
  for (const [path, status, type] of [
    ['/v1/volumes', 200, 'application/json'],
    ['/v1/segmentations', 200, 'application/json'],
    ['/v1/segmentations/seg_1', 200, 'application/json'],
    ['/v1/segmentations/seg_2', 404, 'application/problem+json'],
    ['/v1/segmentations/seg_1/events', 200, 'text/event-stream'],
  ] as const) {
    const response = await send(path, { method: 'HEAD' });
    expect([path, response.status, response.headers.get('content-type')]).toEqual([path, status, type]);
    expect(await response.text()).toBe('');
  }
  expect(streams).toEqual([]);
});

test('events of which there are no more are a 204', async () => {
  const { container, send } = testWorker();
  container.answer = () => new Response(null, { status: 204 });
  const response = await send('/v1/segmentations/seg_1/events', { headers: { 'last-event-id': '9' } });
  expect([response.status, response.body]).toEqual([204, null]);
});

/** A container that cannot open what the job reads, and says so with the address that it was given. */
async function refusing(
  code: string,
  detailOf: (url: string) => string,
  overrides: Parameters<typeof testWorker>[0] = {},
) {
  const worker = testWorker(overrides);
  const volume = await sealed(worker);
  worker.container.answer = ({ body }) =>
    Response.json(
      { code, detail: detailOf(JSON.parse(String(body)).input.url), field: 'body.input', requestId: 'r' },
      { status: 422, headers: { 'content-type': 'application/problem+json', 'x-request-id': 'r' } },
    );
  const input = { volume };
  return { volume, answer: await worker.json<ProblemBody>('/v1/segmentations', posted({ input })) };
}

test.each([{}, { PUBLIC_ORIGIN: 'http://internal.test:8787' }])(
  'a problem with a volume of the bucket names the volume, not its address (%o)',
  async (overrides) => {
    const { volume, answer } = await refusing(
      'volume-unreadable',
      (url) =>
        `${url} holds no array; ${url}/zarr.json and ${url}x, and https://elsewhere.test/v1/volumes/vol_1.`,
      overrides,
    );
    const other = `${overrides.PUBLIC_ORIGIN ?? 'http://worker.test'}/v1/volumes/${volume}x`;
    expect(answer).toMatchObject({
      status: 422,
      body: {
        code: 'volume-unreadable',
        detail: `The volume ${volume} holds no array; The volume ${volume}/zarr.json and ${other}, and https://elsewhere.test/v1/volumes/vol_1.`,
        field: 'body.input',
        requestId: 'r',
      },
    });
  },
);

test.each([401, 403])(
  'a container that is answered %i when it reads a volume back is the business of the operator',
  async (status) => {
    const { answer } = await refusing(
      'volume-unreadable',
      (url) => `Cannot read ${url}/zarr.json: the server answered ${status}; send headers.authorization.`,
    );
    expect(answer).toMatchObject({ status: 502, body: { code: 'upstream-failed' } });
    expect(answer.body.detail).toMatch(/TOKENUNIFY_TRUSTED_KEY.*CONTAINER_KEY/);
    expect(answer.body.detail).not.toContain('authorization');
  },
);

test('a server elsewhere that wants a key is still what the caller hears of', async () => {
  const { answer } = await refusing(
    'volume-unreadable',
    () => 'Cannot read https://elsewhere.test/a.zarr: the server answered 401; give a key.',
  );
  expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringContaining('elsewhere.test') } });
});

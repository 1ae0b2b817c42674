import { connect } from 'node:net';
import { decodeNpy } from '@tokenunify/em-io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PROBLEMS, PROBLEM_MEDIA_TYPE, type ProblemCode } from './contract/index.ts';
import { lyingNpy, npyOf } from './npy.fixture.ts';
import { heldWork, serve, until, type TestServer } from './testing.fixture.ts';

const limits = { maxVoxels: 1000, maxBodyBytes: 5000, concurrency: 1, queue: 2, bodyIdleMs: 300 };
const npyType = { 'content-type': 'application/x-npy' };
const good = () => npyOf('uint8', [4, 8, 8]);

let shared: TestServer;
beforeAll(async () => {
  shared = await serve(undefined, limits);
});
afterAll(() => shared.close());

type Body = Uint8Array | ReadableStream<Uint8Array>;

const post = (url: string, body: Body, query = '', init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/v1/segment${query}`, {
    method: 'POST',
    headers: npyType,
    body: body as Uint8Array<ArrayBuffer>, // or a stream, which needs duplex
    ...({ duplex: 'half' } as RequestInit),
    ...init,
  });

async function problemOf(response: Response, code: ProblemCode): Promise<Record<string, unknown>> {
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({ code });
  expect(response.status).toBe(PROBLEMS[code][0]);
  expect(response.headers.get('content-type')).toBe(PROBLEM_MEDIA_TYPE);
  expect(response.headers.get('x-request-id')).toBe(body['requestId']);
  expect(body).toMatchObject({
    type: `urn:tokenunify:problem:${code}`,
    status: response.status,
    title: PROBLEMS[code][1],
  });
  expect(body['detail']).toMatch(/^[A-Z/].*\.$/s);
  return body;
}

const stillUp = async () => {
  const response = await post(shared.url, good());
  expect(response.status).toBe(200);
  await response.arrayBuffer();
};

describe('POST /v1/segment', () => {
  it('gives back labels, the digest of the model, their number, and the time of each stage', async () => {
    const response = await post(shared.url, good());
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/x-npy',
      'tokenunify-model': 'sha256:00',
      'tokenunify-label-count': '1',
      'server-timing': 'tiles;dur=1.3, labels;dur=2.0',
    });
    const labels = decodeNpy(new Uint8Array(await response.arrayBuffer()));
    expect(labels).toMatchObject({ dtype: 'uint32', shape: [4, 8, 8] });
  });

  it('passes on what was asked for, and the volume as it was sent', async () => {
    const before = shared.segmenter.requests.length;
    await post(shared.url, good(), '?output=affinities&threshold=0.25&scoring=hist50');
    await post(shared.url, npyOf('float32', [2, 4, 4], 254.5), '', {
      headers: { 'content-type': 'application/octet-stream' },
    });
    const [first, second] = shared.segmenter.requests.slice(before);
    expect(first).toMatchObject({ output: 'affinities', threshold: 0.25, scoring: 'hist50' });
    expect(first?.raw.data).toEqual(new Uint8Array(256).fill(100));
    expect(second).toEqual({
      output: 'labels',
      raw: { dtype: 'float32', shape: [2, 4, 4], data: new Float32Array(32).fill(254.5) },
    });
  });

  it('reads a body in pieces of any size', async () => {
    const bytes = good();
    const pieces = new ReadableStream<Uint8Array>({
      async start(controller) {
        for (let i = 0; i < bytes.length; i += 7) controller.enqueue(bytes.slice(i, i + 7));
        controller.close();
      },
    });
    expect((await post(shared.url, pieces)).status).toBe(200);
  });

  it('takes over a request id that can be logged, and makes one for any other', async () => {
    const named = await post(shared.url, good(), '', { headers: { ...npyType, 'x-request-id': 'run-7.a' } });
    expect(named.headers.get('x-request-id')).toBe('run-7.a');
    const odd = await post(shared.url, good(), '', { headers: { ...npyType, 'x-request-id': 'a b"c' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

const NAN = (() => {
  const bytes = npyOf('float32', [4, 8, 8]);
  new DataView(bytes.buffer).setFloat32(bytes.length - 4, NaN, true);
  return bytes;
})();

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const elsewhere = (what: string): RegExp =>
  new RegExp(`^The body is ${what}.*npx tokenunify segment.*numpy\\.save\\.$`);

describe('a body that is no volume', () => {
  it.each<[string, Uint8Array, ProblemCode, string | undefined, RegExp]>([
    ['no bytes', new Uint8Array(), 'body-missing', 'body', /empty/],
    ['text', new TextEncoder().encode('hello'), 'npy-invalid', 'body', /npy/],
    ['half a header', good().subarray(0, 30), 'npy-invalid', 'body', /header/],
    ['fewer voxels than the header says', good().subarray(0, 300), 'npy-truncated', 'body', /4, 8, 8/],
    ['more voxels than the header says', Uint8Array.from([...good(), 0]), 'npy-trailing', 'body', /4, 8, 8/],
    [
      'a header that promises more than there can be',
      lyingNpy('|u1', '(9999999999, 99999999, 99)', good()),
      'npy-invalid',
      'body',
      /elements/,
    ],
    [
      'a header that promises a terabyte',
      lyingNpy('|u1', '(10000, 10000, 10000)', good()),
      'npy-truncated',
      'body',
      /10000/,
    ],
    ['HDF5', bytesOf('\x89HDF\r\n\x1a\n and so on'), 'npy-invalid', 'body', elsewhere('an HDF5 file')],
    [
      'HDF5 behind a user block',
      bytesOf(`${'MATLAB'.padEnd(512)}\x89HDF\r\n\x1a\n`),
      'npy-invalid',
      'body',
      elsewhere('an HDF5 file'),
    ],
    [
      'the metadata of a Zarr array',
      bytesOf('{"zarr_format": 3, "node_type": "array"}'),
      'npy-invalid',
      'body',
      elsewhere('part of a Zarr array'),
    ],
    [
      'a packed Zarr array',
      bytesOf('PK\x03\x04zarr.json'),
      'npy-invalid',
      'body',
      elsewhere('a zip archive'),
    ],
    ['two axes', npyOf('uint8', [8, 8]), 'wrong-axes', 'body.shape', /2 axes/],
    ['channels', npyOf('uint8', [1, 4, 8, 8]), 'wrong-axes', 'body.shape', /4 axes/],
    ['a single number', npyOf('uint8', []), 'wrong-axes', 'body.shape', /0 axes/],
    ['16-bit voxels', npyOf('uint16', [4, 8, 8]), 'unsupported-dtype', 'body.dtype', /uint16.*rescale/],
    ['64-bit integers', npyOf('int64', [4, 8, 8]), 'unsupported-dtype', 'body.dtype', /int64/],
    ['half floats', lyingNpy('<f2', '(4, 8, 8)', new Uint8Array(512)), 'unsupported-dtype', 'body', /f2/],
    [
      'Python objects',
      lyingNpy('|O', '(4, 8, 8)', new Uint8Array(512)),
      'unsupported-dtype',
      'body',
      /pickle/,
    ],
    ['no voxels', npyOf('uint8', [4, 0, 8]), 'empty-volume', 'body.shape', /no voxels/],
    [
      'less than a token',
      npyOf('uint8', [4, 8, 3]),
      'volume-too-small',
      'body.shape',
      /3 voxels along x.*\[2, 4, 4\]/,
    ],
    ['too many voxels', npyOf('uint8', [11, 10, 10]), 'volume-too-large', 'body.shape', /1100 voxels.*1000/],
    ['NaN', NAN, 'voxel-not-finite', 'body[3, 7, 7]', /\[3, 7, 7\] is NaN/],
    ['infinity', npyOf('float32', [4, 8, 8], Infinity), 'voxel-not-finite', 'body[0, 0, 0]', /Infinity/],
    ['values above 255', npyOf('float32', [4, 8, 8], 256), 'voxel-out-of-range', 'body[0, 0, 0]', /256/],
    ['more bytes than are read', new Uint8Array(5001), 'body-too-large', 'body', /5001 bytes.*5000/],
  ])('with %s is answered with what is wrong', async (_, body, code, field, detail) => {
    const problem = await problemOf(await post(shared.url, body), code);
    expect(problem['field']).toBe(field);
    expect(problem['detail']).toMatch(detail);
    await stillUp();
  });

  it('is cut off when it is sent in chunks and goes beyond the limit', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        sent += 1000;
        controller.enqueue(new Uint8Array(1000));
        await new Promise((resolve) => setTimeout(resolve, 5));
      },
    });
    const response = await post(shared.url, endless);
    await problemOf(response, 'body-too-large');
    // What is left of the body has no reader: a request that came behind it on this connection would be lost.
    expect(response.headers.get('connection')).toBe('close');
    expect(sent).toBeLessThan(1_000_000);
    await stillUp();
  });

  it('is given up when it stalls', async () => {
    const stalling = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(good().slice(0, 100)),
    });
    const response = await post(shared.url, stalling);
    await problemOf(response, 'body-stalled');
    expect(response.headers.get('connection')).toBe('close');
    await stillUp();
  });
});

describe('a request that is wrong before its body', () => {
  it.each<[string, ProblemCode, string, RequestInit, string]>([
    ['a threshold above 1', 'invalid-parameter', '?threshold=1.5', {}, 'threshold'],
    ['a threshold that is no number', 'invalid-parameter', '?threshold=low', {}, 'threshold'],
    ['an empty threshold', 'invalid-parameter', '?threshold=', {}, 'threshold'],
    ['a blank threshold', 'invalid-parameter', '?threshold=%20', {}, 'threshold'],
    ['two thresholds', 'invalid-parameter', '?threshold=0.1&threshold=0.2', {}, 'threshold'],
    ['a misspelt parameter', 'invalid-parameter', '?treshold=0.5', {}, 'treshold'],
    ['an unknown output', 'invalid-parameter', '?output=meshes', {}, 'output'],
    ['an unknown scoring', 'invalid-parameter', '?scoring=hist100', {}, 'scoring'],
    [
      'JSON',
      'unsupported-content-type',
      '',
      { headers: { 'content-type': 'application/json' } },
      'content-type',
    ],
    ['no content type', 'unsupported-content-type', '', { headers: {} }, 'content-type'],
    [
      'a form',
      'unsupported-content-type',
      '',
      { headers: { 'content-type': 'multipart/form-data; boundary=x' } },
      'content-type',
    ],
    [
      'gzip',
      'unsupported-content-encoding',
      '',
      { headers: { ...npyType, 'content-encoding': 'gzip' } },
      'content-encoding',
    ],
    [
      'HDF5',
      'unsupported-content-type',
      '',
      { headers: { 'content-type': 'application/x-hdf5' } },
      'content-type',
    ],
  ])('such as %s is refused', async (_, code, query, init, field) => {
    const problem = await problemOf(await post(shared.url, good(), query, init), code);
    expect(problem['field']).toBe(field);
    await stillUp();
  });

  it.each([
    ['?threshold=1.5', "The query parameter threshold is '1.5'; give a number from 0 to 1, once."],
    ['?threshold=-1', "The query parameter threshold is '-1'; give a number from 0 to 1, once."],
    ['?threshold=low', "The query parameter threshold is 'low'; give a number from 0 to 1, once."],
    ['?threshold=', "The query parameter threshold is ''; give a number from 0 to 1, once."],
    ['?threshold=1e999', "The query parameter threshold is '1e999'; give a number from 0 to 1, once."],
    [
      '?threshold=.1&threshold=.2',
      "The query parameter threshold is '.1,.2'; give a number from 0 to 1, once.",
    ],
    ['?output=meshes', "The query parameter output is 'meshes'; give labels or affinities."],
    ['?scoring=hist100', "The query parameter scoring is 'hist100'; give mean, max or hist1 to hist99."],
    ['?treshold=0.5', 'There is no query parameter treshold; those that there are stand in /openapi.json.'],
    [
      `?scoring=${'x'.repeat(500)}`,
      `The query parameter scoring is '${'x'.repeat(60)}...'; give mean, max or hist1 to hist99.`,
    ],
  ])('says what would have been right: %s', async (query, detail) => {
    const problem = await problemOf(await post(shared.url, good(), query), 'invalid-parameter');
    expect(problem['detail']).toBe(detail);
  });

  it('says what reads HDF5 and Zarr, when one is announced', async () => {
    for (const type of ['application/x-hdf5', 'application/zip', 'application/vnd+zarr']) {
      const response = await post(shared.url, good(), '', { headers: { 'content-type': type } });
      const { detail } = await problemOf(response, 'unsupported-content-type');
      expect(detail).toMatch(/numpy\.save.*npx tokenunify segment/);
    }
  });

  it('is answered with 404 at a path that is not there, and 405 with Allow at one that is', async () => {
    await problemOf(await fetch(`${shared.url}/v1/nothing`), 'not-found');
    const response = await fetch(`${shared.url}/v1/segment`, { method: 'PUT', body: 'x' });
    expect(response.headers.get('allow')).toBe('POST');
    await problemOf(response, 'method-not-allowed');
    await problemOf(await fetch(`${shared.url}/healthz`, { method: 'DELETE' }), 'method-not-allowed');
    await stillUp();
  });

  it.each<[string, string, ProblemCode]>([
    ['is not HTTP', 'NOT HTTP AT ALL\r\n\r\n', 'malformed-request'],
    ['has no usable host', 'GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n', 'malformed-request'],
    [
      'has endless headers',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      'headers-too-large',
    ],
  ])('is answered even when it %s', async (_, request, code) => {
    const socket = connect(Number(new URL(shared.url).port), '127.0.0.1');
    socket.end(request);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${PROBLEMS[code][0]} `));
    expect(text).toMatch(/x-request-id: [0-9a-f-]{36}/);
    expect(text).toContain(`urn:tokenunify:problem:${code}`);
    await stillUp();
  });
});

async function untilWaiting(url: string, wanted: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const { waiting } = (await (await fetch(`${url}/healthz`)).json()) as { waiting: number };
    if (waiting === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`never were ${wanted} waiting`);
}

describe('when there is much to do', () => {
  it('runs as many as it may at once, lets as many wait as it may, and tells others when to come back', async () => {
    const held = heldWork();
    const server = await serve(held.work, limits);
    const answers = [1, 2, 3].map(() => post(server.url, good()));
    await until(() => server.segmenter.running === 1);
    await untilWaiting(server.url, 2);
    const refused = await post(server.url, good());
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await problemOf(refused, 'busy'))['limit']).toBe(3);
    held.release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(server.segmenter.mostAtOnce).toBe(1);
    expect((await post(server.url, good())).status).toBe(200);
    await server.close();
  });

  it('cancels the work of a client that goes, and of one that waits', async () => {
    const held = heldWork();
    const server = await serve(held.work, limits);
    const [running, queued] = [new AbortController(), new AbortController()];
    const first = post(server.url, good(), '', { signal: running.signal });
    await until(() => server.segmenter.running === 1);
    const second = post(server.url, good(), '', { signal: queued.signal });
    const third = post(server.url, good());
    await untilWaiting(server.url, 2);
    queued.abort();
    await expect(second).rejects.toThrow(/abort/i);
    await untilWaiting(server.url, 1);
    running.abort();
    await expect(first).rejects.toThrow(/abort/i);
    held.release();
    expect((await third).status).toBe(200);
    // The one that waited never began.
    expect(server.segmenter.requests).toHaveLength(2);
    expect(server.segmenter.running).toBe(0);
    await server.close();
  });

  it('frees the place of a client that goes in the middle of its body', async () => {
    const server = await serve(undefined, { ...limits, queue: 0, bodyIdleMs: 10_000 });
    const controller = new AbortController();
    const stalling = new ReadableStream<Uint8Array>({ start: (c) => c.enqueue(good().slice(0, 100)) });
    const first = post(server.url, stalling, '', { signal: controller.signal });
    await untilWaiting(server.url, 1);
    await problemOf(await post(server.url, good()), 'busy');
    controller.abort();
    await expect(first).rejects.toThrow(/abort/i);
    await untilWaiting(server.url, 0);
    expect((await post(server.url, good())).status).toBe(200);
    await server.close();
  });

  it('says that it is not ready, with 503, and still answers health checks', async () => {
    const server = await serve(undefined, limits);
    server.segmenter.ready = false;
    const response = await post(server.url, good());
    expect(response.headers.get('retry-after')).toBe('5');
    await problemOf(response, 'unavailable');
    await problemOf(await fetch(`${server.url}/readyz`), 'unavailable');
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    server.segmenter.ready = true;
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await server.close();
  });

  it('keeps what it does not understand to itself, and goes on', async () => {
    const server = await serve(() => Promise.reject(new Error('secret path /home/x')), limits);
    const problem = await problemOf(await post(server.url, good()), 'internal');
    expect(JSON.stringify(problem)).not.toContain('secret');
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await server.close();
  });
});

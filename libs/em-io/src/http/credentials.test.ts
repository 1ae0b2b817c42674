import { afterEach, beforeEach, expect, test } from 'vitest';
import { createVolume } from '../create.ts';
import { wholeBox } from '../geometry.ts';
import { openVolume, type OpenOptions } from '../open.ts';
import { testServer, type TestServer } from '../testing-server.ts';
import { fixture, fixtureShape, pattern, rejection } from '../testing.ts';
import type { FetchLike } from './options.ts';

const secrets = ['alice', 'pa55word', 'p%4055word', 'signature-of-mine', 'token-of-mine', 'Basic YWxp'];
const headers = { Authorization: 'Bearer token-of-mine' };

let server: TestServer;
let signed: string;
const options: OpenOptions = { sleep: async () => {}, retries: 1 };
beforeEach(async () => {
  server = await testServer(fixture('.'));
  signed = `${server.url.replace('://', '://alice:pa55word@')}/zarr/zstd.zarr?X-Signature=signature-of-mine&expires=1`;
});
afterEach(() => server[Symbol.asyncDispose]());

test('the query and the headers go with every request, and location shows neither', async () => {
  await using volume = await openVolume(signed, { ...options, headers });
  expect(await volume.read(wholeBox(fixtureShape))).toEqual(pattern(fixtureShape, 'uint8'));
  expect(volume.location).toBe(`${server.url}/zarr/zstd.zarr`);
  expect(server.seen.length).toBeGreaterThan(4);
  for (const { url, headers } of server.seen) {
    expect(url).toContain('?X-Signature=signature-of-mine&expires=1');
    expect(headers.authorization).toBe('Bearer token-of-mine');
    expect(headers['accept-encoding']).toBe('identity');
  }
});

test('user and password become an authorization header where none is given', async () => {
  await using _ = await openVolume(signed, options);
  expect(server.seen[0]?.headers.authorization).toBe(`Basic ${btoa('alice:pa55word')}`);
});

/** Everything that a log of an error shows. */
function told(error: unknown): string {
  const texts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause)
    texts.push(at.message, at.stack ?? '', JSON.stringify(at));
  return texts.join('\n');
}

const echo = (url: string, init: { headers: Record<string, string> }) =>
  `${url} signature-of-mine ${JSON.stringify(init.headers)} pa55word`;
const failing: [string, FetchLike | undefined, () => void][] = [
  ['refused', undefined, () => (signed = signed.replace(/:\d+\//, ':9/'))],
  ['dropped', undefined, () => (server.fault = () => ({ kind: 'drop' }))],
  [
    'a fetch that tells its URL',
    (url, init) => Promise.reject(new TypeError(echo(url, init), { cause: new Error(echo(url, init)) })),
    () => {},
  ],
  [
    'a server that tells what it got',
    undefined,
    () =>
      (server.fault = ({ url, headers }) => ({
        kind: 'status',
        status: 403,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ detail: `${server.url}${url} ${headers.authorization} signature-of-mine` }),
      })),
  ],
  ['nothing there', undefined, () => (signed = signed.replace('zstd', 'none'))],
];
test.each(failing)('no message shows a credential: %s', async (_, fetch, prepare) => {
  prepare();
  const all = { ...options, headers, ...(fetch && { fetch }) };
  const create = { ...all, shape: fixtureShape, dtype: 'uint8' } as const;
  const errors = [
    await openVolume(signed, all).catch((error: unknown) => error),
    await openVolume(signed.replace('zstd.zarr', 'x.npy'), all).catch((error: unknown) => error),
    ...(signed.includes('none') ? [] : [await createVolume(signed, create).catch((error: unknown) => error)]),
  ];
  for (const error of errors) {
    expect(error).toBeInstanceOf(Error);
    for (const secret of secrets) expect(told(error)).not.toContain(secret);
  }
});

test('nor do those about arguments', async () => {
  const location = 'http://alice:pa55word@[bad/x.zarr?sig=signature-of-mine';
  const cases = [
    rejection(openVolume(location, options)),
    rejection(openVolume(signed, { ...options, headers: { authorization: 'token-of-mine\nx' } })),
    rejection(openVolume(signed.replace('.zarr', '.h5'), options)),
    rejection(createVolume(signed, { shape: [0, 0, -1], dtype: 'uint8' })),
    rejection(openVolume(signed.replace('http', 'gs'), options)),
  ];
  for (const { code, message } of await Promise.all(cases)) {
    expect(code).toMatch(/^em-io\/(option|unknown-format)$/);
    for (const secret of secrets) expect(message).not.toContain(secret);
  }
});

test('a redirect is followed, and to another origin without credentials', async () => {
  await using other = await testServer(fixture('.'));
  server.fault = ({ url }) => ({
    kind: 'status',
    status: 307,
    headers: {
      location: url.includes('zarr.json') ? `${other.url}/zarr/zstd.zarr/zarr.json` : `${other.url}${url}`,
    },
  });
  await using volume = await openVolume(signed, { ...options, headers: { 'X-Api-Key': 'token-of-mine' } });
  expect(await volume.read(wholeBox(fixtureShape))).toEqual(pattern(fixtureShape, 'uint8'));
  expect(server.seen[0]?.headers).toMatchObject({ 'x-api-key': 'token-of-mine' });
  for (const { headers } of other.seen) {
    expect(headers['x-api-key']).toBeUndefined();
    expect(headers.authorization).toBeUndefined();
  }
});

test('a circle of redirects ends, and none leads from https to http', async () => {
  server.fault = ({ url }) => ({ kind: 'status', status: 302, headers: { location: url } });
  expect(await rejection(openVolume(signed, options))).toMatchObject({ code: 'em-io/http', status: 302 });
  expect(server.seen).toHaveLength(6);
  const asked: string[] = [];
  const fetch: FetchLike = async (url) => {
    asked.push(url);
    const headers = new Headers({ location: 'http://host/x.zarr/zarr.json' });
    return { status: 302, headers, body: null };
  };
  expect(await rejection(openVolume('https://host/x.zarr', { ...options, fetch }))).toMatchObject({
    status: 302,
  });
  expect(asked).toEqual(['https://host/x.zarr/zarr.json']);
});

test('a guard given as fetch refuses once, and its error comes through unchanged', async () => {
  let asked = 0;
  const refusal = Object.assign(new Error('The address is private.'), { retryable: false });
  const fetch: FetchLike = async () => {
    asked += 1;
    throw refusal;
  };
  for (const location of ['http://10.0.0.1/x.zarr', 'http://10.0.0.1/x.npy']) {
    asked = 0;
    await expect(openVolume(location, { fetch, sleep: async () => {} })).rejects.toBe(refusal);
    expect(asked).toBe(1);
  }
  const creating = createVolume('http://10.0.0.1/x', { fetch, shape: [1, 1, 1], dtype: 'uint8' });
  await expect(creating).rejects.toBe(refusal);
});

import { readFile, mkdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createVolume, type CreateOptions } from '../create.ts';
import { wholeBox } from '../geometry.ts';
import { openVolume } from '../open.ts';
import { sleepFor } from './retry.ts';
import { testServer, type TestServer } from '../testing-server.ts';
import { cutOut, fixtureShape, pattern, rejection, temporaryDirectory } from '../testing.ts';

const whole = wholeBox(fixtureShape);
const expected = pattern(fixtureShape, 'uint16');

let server: TestServer;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let url: string;
let options: CreateOptions;
beforeEach(async () => {
  directory = await temporaryDirectory();
  server = await testServer(directory.path);
  url = `${server.url}/v1/volumes/7`;
  options = { shape: fixtureShape, dtype: 'uint16', chunkShape: [2, 3, 4], sleep: async () => {} };
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

test('what is written reads back, over HTTP and from the directory', async () => {
  const writer = await createVolume(url, {
    ...options,
    voxelSize: [40, 4, 4],
    headers: { 'x-key': 'of mine' },
  });
  for (const z of [3, 0, 2, 1]) {
    const slab = { start: [z, 0, 0], stop: [z + 1, 5, 6] } as const;
    await writer.write(slab, cutOut(expected, slab.start, slab.stop));
  }
  expect(await writer.read(whole)).toEqual(expected);
  await writer.close();
  for (const location of [url, directory.join('v1/volumes/7')]) {
    await using reader = await openVolume(location, options);
    expect(reader).toMatchObject({ voxelSize: [40, 4, 4], chunkShape: [2, 3, 4], location });
    expect(await reader.read(whole)).toEqual(expected);
  }
  const puts = server.seen.filter(({ method, before }) => method === 'PUT' && before === 0);
  expect(puts.map((put) => put.url.slice('/v1/volumes/7'.length)).sort()).toEqual([
    ...['/c/0/0/0', '/c/0/0/1', '/c/0/1/0', '/c/0/1/1', '/c/1/0/0', '/c/1/0/1', '/c/1/1/0', '/c/1/1/1'],
    '/zarr.json',
  ]);
  expect(puts.every(({ headers }) => headers['x-key'] === 'of mine' && headers['content-length'])).toBe(true);
  expect(puts.find((put) => put.url.endsWith('.json'))?.headers['content-type']).toBe('application/json');
});

test('uploads that fail are made again', async () => {
  server.fault = ({ before, method }) =>
    before === 0 && method === 'PUT'
      ? { kind: 'drop' }
      : before === 1
        ? { kind: 'status', status: 503 }
        : undefined;
  const writer = await createVolume(url, options);
  await writer.write(whole, expected);
  expect(await writer.read(whole)).toEqual(expected);
});

test.each([
  [
    507,
    'em-io/no-space',
    false,
    /: the server has no space left \(The quota of 3 GB is used up\); free some/,
  ],
  [413, 'em-io/http', false, /answered 413 \(The quota of 3 GB is used up\); write smaller chunks\.$/],
  [
    409,
    'em-io/http',
    false,
    /answered 409 \(The quota of 3 GB is used up\); trying again as it is will not help\.$/,
  ],
  [500, 'em-io/http', true, /answered 500 \(The quota of 3 GB is used up\); try again later\.$/],
])('a refusal of a chunk says what the server says: %d', async (status, code, retryable, message) => {
  const writer = await createVolume(url, options);
  server.fault = ({ method, url }) =>
    method === 'PUT' && url.endsWith('/c/1/0/0')
      ? {
          kind: 'status',
          status,
          headers: { 'content-type': 'application/problem+json; charset=utf-8' },
          body: JSON.stringify({ type: 'about:blank', detail: 'The quota of 3 GB is used up.' }),
        }
      : undefined;
  const error = await rejection(writer.write(whole, expected));
  expect(error).toMatchObject({ code, status, retryable });
  expect(error.message).toMatch(message);
  expect(error.message).toContain(`Cannot write ${url}/c/1/0/0: `);
});

test('one chunk that is refused ends the waits for the others', async () => {
  let waiting = 0;
  const sleep = (milliseconds: number, signal?: AbortSignal) => {
    waiting += 1;
    return sleepFor(milliseconds, signal).finally(() => (waiting -= 1));
  };
  const writer = await createVolume(url, { ...options, sleep });
  server.fault = ({ url }) =>
    url.endsWith('/c/0/0/1')
      ? { kind: 'status', status: 400 }
      : { kind: 'status', status: 503, headers: { 'retry-after': '100' } };
  const before = performance.now();
  expect(await rejection(writer.write(whole, expected))).toMatchObject({ status: 400 });
  expect(performance.now() - before).toBeLessThan(5000);
  expect(waiting).toBe(0);
});

test('an abort ends an upload', async () => {
  const writer = await createVolume(url, options);
  server.fault = () => ({ kind: 'hang' });
  const controller = new AbortController();
  const reason = new Error('stop');
  setTimeout(() => controller.abort(reason), 30);
  await expect(writer.write(whole, expected, { signal: controller.signal })).rejects.toBe(reason);
  const creating = createVolume(`${url}/other`, { ...options, signal: AbortSignal.abort(reason) });
  await expect(creating).rejects.toBe(reason);
});

test('what is there is not replaced', async () => {
  await (await createVolume(url, options)).close();
  const before = await readFile(directory.join('v1/volumes/7/zarr.json'), 'utf8');
  for (const overwrite of [false, true]) {
    const error = await rejection(createVolume(url, { ...options, dtype: 'uint8', overwrite }));
    expect(error.code).toBe('em-io/exists');
    expect(error.message).toMatch(
      overwrite ? /nothing is overwritten over HTTP; delete it/ : /exists already/,
    );
  }
  expect(await readFile(directory.join('v1/volumes/7/zarr.json'), 'utf8')).toBe(before);
});

test.each([
  ['npy', 'a.npy', /over HTTP only Zarr is written/],
  ['HDF5', 'a.h5?x=1', /over HTTP only Zarr is written/],
  ['an array in a group', 'a.zarr:/raw', /Cannot create the array \/raw inside/],
])('%s is not written over HTTP', async (_, name, message) => {
  const error = await rejection(createVolume(`${server.url}/${name}`, options));
  expect(error.code).toBe('em-io/unknown-format');
  expect(error.message).toMatch(message);
  expect(server.seen).toEqual([]);
});

test('options are checked before anything is asked for', async () => {
  expect(await rejection(createVolume(url, { ...options, shape: [1, -1, 1] }))).toMatchObject({
    code: 'em-io/option',
  });
  expect(await rejection(createVolume(url, { ...options, retries: -1 }))).toMatchObject({
    code: 'em-io/option',
  });
  expect(server.seen).toEqual([]);
});

test('names in a group are found through consolidated metadata, or by convention, without a listing', async () => {
  await (await createVolume(`${url}/em/image`, options)).close();
  const group = (extra: object) =>
    JSON.stringify({ zarr_format: 3, node_type: 'group', attributes: {}, ...extra });
  const inner = JSON.parse(await readFile(directory.join('v1/volumes/7/em/image/zarr.json'), 'utf8'));
  await writeFile(
    directory.join('v1/volumes/7/zarr.json'),
    group({
      consolidated_metadata: { kind: 'inline', must_understand: false, metadata: { 'em/image': inner } },
    }),
  );
  await using found = await openVolume(url, options);
  expect(found.location).toBe(`${url}:/em/image`);
  const wrong = await rejection(openVolume(`${url}:/em/nothing`, options));
  expect(wrong.message).toMatch(/has no array \/em\/nothing; it has \/em\/image\.$/);
  await writeFile(directory.join('v1/volumes/7/zarr.json'), group({}));
  expect((await rejection(openVolume(url, options))).message).toMatch(/name the array, as in .*:\/NAME\.$/);
  await (await createVolume(`${url}/raw`, options)).close();
  await using conventional = await openVolume(url, options);
  expect(conventional.location).toBe(`${url}:/raw`);
  await using named = await openVolume(url, { ...options, dataset: 'em/image' });
  expect(named.location).toBe(`${url}:/em/image`);
});

test('consolidated metadata of v2 names the arrays too', async () => {
  await mkdir(directory.join('old/here'), { recursive: true });
  const array = {
    ...{ zarr_format: 2, shape: [1, 1, 2], chunks: [1, 1, 2], dtype: '|u1', compressor: null },
    ...{ fill_value: 3, order: 'C', filters: null },
  };
  await writeFile(directory.join('old/.zgroup'), '{"zarr_format": 2}');
  await writeFile(
    directory.join('old/.zmetadata'),
    JSON.stringify({ metadata: { 'here/.zarray': array, '.zgroup': {} } }),
  );
  await writeFile(directory.join('old/here/.zarray'), JSON.stringify(array));
  await using volume = await openVolume(`${server.url}/old/`, options);
  expect(volume.location).toBe(`${server.url}/old:/here`);
  expect([...(await volume.read(wholeBox(volume.shape))).data]).toEqual([3, 3]);
});

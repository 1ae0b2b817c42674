import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFile, cp } from 'node:fs/promises';
import { isEmIoError } from '../errors.ts';
import { wholeBox } from '../geometry.ts';
import { openVolume, type OpenOptions } from '../open.ts';
import { testServer, type Fault, type TestServer } from '../testing-server.ts';
import { cutOut, fixture, fixtureShape, pattern, rejection, temporaryDirectory } from '../testing.ts';

const whole = wholeBox(fixtureShape);

let server: TestServer;
let waits: number[];
let options: OpenOptions;
beforeEach(async () => {
  server = await testServer(fixture('.'));
  waits = [];
  options = { sleep: async (milliseconds) => void waits.push(milliseconds), random: () => 0 };
});
afterEach(() => server[Symbol.asyncDispose]());

async function read(name: string, extra: OpenOptions = {}) {
  await using volume = await openVolume(`${server.url}/${name}`, { ...options, ...extra });
  return await volume.read(whole);
}

const passing: Fault[] = [
  { kind: 'drop' },
  { kind: 'drop-midway' },
  ...[408, 425, 429, 500, 502, 503, 504, 599].map((status) => ({ kind: 'status', status }) as const),
];

describe.each([
  ['zarr/sharded.zarr', 'uint64'],
  ['zarr/v2.zarr', 'uint16'],
  ['npy/uint16.npy', 'uint16'],
] as const)('%s', (name, dtype) => {
  test.each(passing)('every request fails twice ($kind $status), and all is read', async (fault) => {
    server.fault = ({ before }) => (before < 2 ? fault : undefined);
    expect(await read(name)).toEqual(pattern(fixtureShape, dtype));
    expect(waits).toHaveLength(2 * server.seen.filter(({ before }) => before === 1).length);
    expect(waits.length).toBeGreaterThan(1);
    expect(new Set(waits)).toEqual(new Set([125, 250]));
  });

  test.each(passing)('what never gets better ends after the retries ($kind $status)', async (fault) => {
    server.fault = () => fault;
    const error = await read(name, { retries: 3 }).catch((error: unknown) => error);
    const { url } = server.seen.at(-1)!;
    expect(server.seen.filter((seen) => seen.url === url)).toHaveLength(4);
    expect(waits).toEqual([125, 250, 500]);
    if (fault.kind === 'status') {
      expect(error).toMatchObject({ code: 'em-io/http', status: fault.status, retryable: true });
      expect(error).toHaveProperty(
        'message',
        expect.stringMatching(
          new RegExp(
            `^Cannot read ${server.url}.*: the server answered ${fault.status}; try again later\\.$`,
          ),
        ),
      );
    } else {
      expect(error).toMatchObject({ code: 'em-io/unreachable', retryable: true, cause: expect.any(Error) });
      expect(error).toHaveProperty('message', expect.stringMatching(/no whole answer came in 4 attempts \(/));
    }
  });

  test('a silent server is given up', async () => {
    for (const kind of ['hang', 'hang-midway'] as const) {
      server.fault = () => ({ kind });
      const error = await rejection(read(name, { retries: 1, idleTimeout: 40 }));
      expect(error.code).toBe('em-io/unreachable');
      expect(error.message).toMatch(/in 2 attempts \(nothing came for 0\.04 s\)/);
    }
  });

  test('a slow server is not taken for a silent one', async () => {
    server.fault = ({ url }) => (/\.zarray$|zarr\.json$|npy$/.test(url) ? { kind: 'slow' } : undefined);
    const slow = { retries: 0, idleTimeout: 300 }; // less than all four pieces take, more than the time between two
    expect(await read(name, slow)).toEqual(pattern(fixtureShape, dtype));
  });

  test('an abort ends a request that hangs, and a wait, with its reason', async () => {
    for (const kind of ['hang', 'hang-midway', 'drop'] as const) {
      server.fault = () => ({ kind });
      const controller = new AbortController();
      const reason = new Error('stop');
      setTimeout(() => controller.abort(reason), 30);
      const { sleep: _, ...waiting } = options; // really waits
      const opening = openVolume(`${server.url}/${name}`, {
        ...waiting,
        retries: 20,
        signal: controller.signal,
      });
      await expect(opening).rejects.toBe(reason);
    }
  });
});

test('a range that comes short of what it announces is asked for again', async () => {
  server.fault = ({ before, headers }) => (before < 2 && headers.range ? { kind: 'short' } : undefined);
  expect(await read('zarr/sharded.zarr')).toEqual(pattern(fixtureShape, 'uint64'));
  expect(await read('npy/uint16.npy')).toEqual(pattern(fixtureShape, 'uint16'));
  server.fault = ({ headers }) => (headers.range ? { kind: 'short' } : undefined);
  const error = await rejection(read('npy/int8.npy'));
  expect(error.message).toMatch(/in 6 attempts \(only 247 bytes of the 248 announced came\)/);
});

test.each([400, 401, 403, 409, 410, 413, 451, 501, 505])('%d is not asked again', async (status) => {
  server.fault = () => ({
    kind: 'status',
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: '{"title":"Refused","detail":"It is Tuesday.\\n\\u001b[31mCome back."}',
  });
  const error = await rejection(read('npy/uint16.npy'));
  expect(error).toMatchObject({ code: 'em-io/http', status, retryable: false });
  expect(error.message).toContain(`answered ${status} (It is Tuesday. [31mCome back); `);
  expect(waits).toEqual([]);
});

test('Retry-After is waited for, in seconds or as a date, and told about where it is too long', async () => {
  const now = () => Date.UTC(2026, 0, 1);
  for (const [value, wait] of [
    ['7', 7000],
    ['Thu, 01 Jan 2026 00:00:09 GMT', 9000],
    ['Thu, 01 Jan 2015 00:00:00 GMT', 125],
    ['soon', 125],
    ['0', 125],
  ] as const) {
    waits.length = 0;
    server.seen.length = 0;
    const headers = { 'retry-after': value };
    server.fault = ({ before }) => (before === 0 ? { kind: 'status', status: 503, headers } : undefined);
    await read('npy/uint16.npy', { now });
    expect([value, waits[0]]).toEqual([value, wait]);
  }
  server.seen.length = 0;
  server.fault = () => ({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } });
  expect(await rejection(read('npy/uint16.npy'))).toMatchObject({ status: 429, retryable: true });
  expect(server.seen).toHaveLength(1);
});

test('waits double up to ten seconds, half of each by chance', async () => {
  server.fault = () => ({ kind: 'drop' });
  await rejection(read('npy/uint16.npy', { retries: 8, random: () => 0.999_999 }));
  const rounded = waits.map((wait) => Math.round(wait));
  expect(rounded).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test.each([
  ['shifted', /bytes \d+ to \d+ were asked for, and it sent \d+ to \d+/],
  ['unlabelled-range', /it does not say which bytes these are/],
  ['compressed-range', /it is compressed/],
] as const)('an answer that is not the range asked for is no data: %s', async (kind, message) => {
  for (const name of ['zarr/sharded.zarr', 'npy/uint16.npy']) {
    server.fault = ({ headers }) => (headers.range ? { kind } : undefined);
    const error = await rejection(read(name));
    expect(error).toMatchObject({ code: 'em-io/http', status: 206, retryable: false });
    expect(error.message).toMatch(message);
  }
});

test('a body without end is not read to it', async () => {
  server.fault = ({ url }) => (url.includes('/c/') ? { kind: 'endless' } : undefined);
  const error = await rejection(read('zarr/zstd.zarr'));
  expect(error.code).toBe('em-io/too-large');
  expect(error.message).toMatch(/has more bytes than the \d+ that it may/);
});

test('a chunk that is refused is an error, never the fill value', async () => {
  server.fault = ({ url }) => (url.endsWith('/c/1/0/1') ? { kind: 'status', status: 403 } : undefined);
  expect(await rejection(read('zarr/zstd.zarr'))).toMatchObject({ code: 'em-io/http', status: 403 });
});

test('a bucket that answers 403 for what it does not have still opens Zarr v2', async () => {
  server.fault = ({ url }) =>
    /zarr\.json$|\.zgroup$/.test(url) ? { kind: 'status', status: 403 } : undefined;
  expect(await read('zarr/v2.zarr')).toEqual(pattern(fixtureShape, 'uint16'));
  server.fault = () => ({ kind: 'status', status: 403 });
  expect(await rejection(read('zarr/v2.zarr'))).toMatchObject({ code: 'em-io/http', status: 403 });
});

describe('damaged shards', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  beforeEach(async () => {
    directory = await temporaryDirectory();
    await cp(fixture('zarr/sharded.zarr'), directory.join('x.zarr'), { recursive: true });
    await server[Symbol.asyncDispose]();
    server = await testServer(directory.path);
  });
  afterEach(() => directory[Symbol.asyncDispose]());

  test('a shard shorter than its index', async () => {
    await writeFile(directory.join('x.zarr/c/0/0/0'), new Uint8Array(20));
    for (const fault of [undefined, { kind: 'no-range' }] as const) {
      server.fault = () => fault;
      expect(await rejection(read('x.zarr'))).toMatchObject({ code: 'em-io/truncated' });
    }
  });

  test('an index of vast numbers is refused before anything is asked for', async () => {
    const { crc32c } = await import('../zarr/crc32c.ts');
    const { readFile } = await import('node:fs/promises');
    const bytes = await readFile(directory.join('x.zarr/c/0/0/0'));
    const { configuration } = JSON.parse(await readFile(directory.join('x.zarr/zarr.json'), 'utf8'))
      .codecs[0];
    const inner: number[] = configuration.chunk_shape;
    const shard: number[] = JSON.parse(await readFile(directory.join('x.zarr/zarr.json'), 'utf8')).chunk_grid
      .configuration.chunk_shape;
    const entries = shard.reduce((product, length, axis) => product * (length / inner[axis]!), 1);
    const index = new BigUint64Array(entries * 2).map((_, at) => (at % 2 === 0 ? 0n : 2n ** 62n));
    const body = new Uint8Array(index.buffer);
    const checksum = new Uint8Array(new Uint32Array([crc32c(body)]).buffer);
    const kept = bytes.subarray(0, bytes.length - body.length - 4);
    await writeFile(directory.join('x.zarr/c/0/0/0'), Buffer.concat([kept, body, checksum]));
    const error = await rejection(read('x.zarr'));
    expect(error.code).toBe('em-io/damaged');
    expect(error.message).toMatch(/c\/0\/0\/0 says that a part of it has 4611686018427388000 bytes/);
  });
});

test('one reader of a shard that aborts does not take the index from the others', async () => {
  await using volume = await openVolume(`${server.url}/zarr/sharded.zarr`, options);
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  server.fault = ({ before }) => {
    arrived();
    return before === 0 ? { kind: 'hang-midway' } : undefined;
  };
  const impatient = new AbortController();
  const box = { start: [0, 0, 0], stop: [1, 1, 1] } as const;
  const first = volume.read(box, { signal: impatient.signal });
  const second = volume.read(box);
  await asked;
  impatient.abort(new Error('stop'));
  await expect(first).rejects.toThrow('stop');
  server.fault = () => undefined;
  await server[Symbol.asyncDispose](); // ends what hangs; nobody listens any more, so that the second reader fails by itself
  expect(isEmIoError(await second.catch((error: unknown) => error), 'em-io/unreachable')).toBe(true);
});

test('a file that is replaced while it is open is an error, not a mixture', async () => {
  await using directory = await temporaryDirectory();
  await cp(fixture('npy/uint8.npy'), directory.join('a.npy'));
  await using other = await testServer(directory.path);
  await using volume = await openVolume(`${other.url}/a.npy`, options);
  expect(await volume.read(whole)).toEqual(pattern(fixtureShape, 'uint8'));
  await cp(fixture('npy/float64.npy'), directory.join('a.npy'));
  expect(await rejection(volume.read(whole))).toMatchObject({ code: 'em-io/io' });
});

test.each(['x.h5', 'x.hdf5', 'X.H5?signature=mine'])(
  'HDF5 is refused without a request: %s',
  async (name) => {
    const error = await rejection(openVolume(`${server.url}/${name}`, options));
    expect(error.code).toBe('em-io/unknown-format');
    expect(error.message).toMatch(/HDF5 by its name, which is not read over HTTP; download it first/);
    expect(server.seen).toEqual([]);
  },
);

test.each([
  [
    'nothing',
    'zarr/nowhere.zarr',
    'em-io/not-found',
    /nowhere\.zarr has no zarr\.json, \.zarray or \.zgroup/,
  ],
  ['no file', 'npy/nowhere.npy', 'em-io/not-found', /does not exist/],
  ['no array of that name', 'zarr/ome.zarr:/s7', 'em-io/dataset-missing', /has no array \/s7; /],
  ['a dataset of npy', 'npy/uint8.npy:/raw', 'em-io/dataset-missing', /has no dataset/],
])('%s', async (_, name, code, message) => {
  const error = await rejection(read(name));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test('only the chunks that a box touches are asked for, and a range only in part', async () => {
  await using volume = await openVolume(`${server.url}/zarr/sharded.zarr`, options);
  server.seen.length = 0;
  const box = { start: [0, 0, 0], stop: [1, 1, 1] } as const;
  expect(await volume.read(box)).toEqual(cutOut(pattern(fixtureShape, 'uint64'), box.start, box.stop));
  expect(server.seen.map(({ url, headers }) => [url, headers.range?.replace(/\d+/g, 'N')])).toEqual([
    ['/zarr/sharded.zarr/c/0/0/0', 'bytes=-N'],
    ['/zarr/sharded.zarr/c/0/0/0', 'bytes=N-N'],
  ]);
});

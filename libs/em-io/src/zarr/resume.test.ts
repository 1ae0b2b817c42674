import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createVolume, type CreateOptions } from '../create.ts';
import { wholeBox } from '../geometry.ts';
import { openVolume } from '../open.ts';
import { testServer, type TestServer } from '../testing-server.ts';
import { cutOut, fixtureShape, pattern, rejection, temporaryDirectory } from '../testing.ts';

const whole = wholeBox(fixtureShape);
const first = { start: [0, 0, 0], stop: [2, 5, 6] } as const;
const second = { start: [2, 0, 0], stop: [4, 5, 6] } as const;
const expected = pattern(fixtureShape, 'int64');
const options: CreateOptions = {
  shape: fixtureShape,
  dtype: 'int64',
  chunkShape: [2, 3, 4],
  voxelSize: [40, 4, 4],
  attributes: { model: { name: 'nano', version: 3 } },
  sleep: async () => {},
};

let server: TestServer;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => {
  directory = await temporaryDirectory();
  server = await testServer(directory.path);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

describe.each(['a directory', 'HTTP'])('over %s', (kind) => {
  const place = () => (kind === 'HTTP' ? `${server.url}/a.zarr` : directory.join('a.zarr'));
  const resume = (more: object = {}) => createVolume(place(), { ...options, resume: true, ...more });

  test('writing goes on where it ended, and what was written stays', async () => {
    const begun = await resume();
    await begun.write(first, cutOut(expected, first.start, first.stop));
    // no close(): a process that dies calls none
    const document = await readFile(directory.join('a.zarr/zarr.json'));
    const again = await resume();
    expect(again).toMatchObject({
      voxelSize: [40, 4, 4],
      shape: fixtureShape,
      dtype: 'int64',
      location: place(),
    });
    expect(again.attributes).toEqual(begun.attributes);
    expect(await again.read(first)).toEqual(cutOut(expected, first.start, first.stop));
    await again.write(second, cutOut(expected, second.start, second.stop));
    await again.close();
    await using reader = await openVolume(place());
    expect(await reader.read(whole)).toEqual(expected);
    expect(await readFile(directory.join('a.zarr/zarr.json'))).toEqual(document);
  });

  test('without it nothing changes', async () => {
    await (await resume()).close();
    expect(await rejection(createVolume(place(), options))).toMatchObject({ code: 'em-io/exists' });
  });

  test('a tool that writes the same metadata in other words is no difference', async () => {
    await (await resume()).close();
    const path = directory.join('a.zarr/zarr.json');
    const { attributes, ...rest } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ attributes, storage_transformers: [], extra: 1, ...rest }));
    await (await resume()).close();
  });

  test.each<[string, object, RegExp]>([
    ['shape', { shape: [4, 5, 7] }, /exists with shape \[4,5,6\] where \[4,5,7\] is to be written/],
    ['channels', { channels: 2 }, /exists with shape \[4,5,6\] where \[2,4,5,6\]/],
    ['dtype', { dtype: 'uint64' }, /exists with data_type "int64" where "uint64" is/],
    [
      'chunks',
      { chunkShape: [2, 3, 3] },
      /exists with chunk_grid\.configuration\.chunk_shape \[2,3,4\] where \[2,3,3\] is/,
    ],
    ['codec', { compressor: 'gzip' }, /exists with codecs\[1\]\.name "zstd" where "gzip" is/],
    ['codecs', { compressor: 'none' }, /exists with codecs \[.*zstd.*\] where \[/],
    [
      'attributes',
      { attributes: { model: { name: 'nano', version: 4 } } },
      /attributes\.model\.version 3 where 4 is/,
    ],
    ['a missing attribute', { attributes: {} }, /attributes\.model \{.*\} where absent is/],
    ['voxel size', { voxelSize: [40, 4, 8] }, /attributes\.resolution \[40,4,4\] where \[40,4,8\] is/],
    ['offset', { offset: [0, 0, 0] }, /attributes\.offset absent where \[0,0,0\] is/],
  ])('another %s is named, and nothing is touched', async (_, more, message) => {
    const writer = await resume();
    await writer.write(whole, expected);
    const error = await rejection(resume(more));
    expect(error.code).toBe('em-io/exists');
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/cannot be resumed; choose another name or remove it\.$/);
    await using reader = await openVolume(place());
    expect(await reader.read(whole)).toEqual(expected);
  });

  test('a group or no JSON is not gone on with', async () => {
    await mkdir(directory.join('a.zarr'));
    await writeFile(directory.join('a.zarr/zarr.json'), '{"zarr_format": 3, "node_type": "group"}');
    const error = await rejection(resume());
    expect(error).toMatchObject({ code: 'em-io/exists' });
    expect(error.message).toMatch(/exists with node_type "group" where "array"/);
    await writeFile(directory.join('a.zarr/zarr.json'), '{"zarr_format');
    expect(await rejection(resume())).toMatchObject({ code: 'em-io/damaged' });
    await writeFile(directory.join('a.zarr/zarr.json'), 'null');
    expect(await rejection(resume())).toMatchObject({ code: 'em-io/exists' });
  });
});

test('a directory whose writer was killed before the metadata had its name is begun anew', async () => {
  await mkdir(directory.join('a.zarr'));
  await writeFile(directory.join('a.zarr/zarr.json.1234.partial'), '{"zarr');
  const writer = await createVolume(directory.join('a.zarr'), { ...options, resume: true });
  await writer.write(whole, expected);
  expect(await writer.read(whole)).toEqual(expected);
});

test('a directory that holds something else is left alone', async () => {
  await mkdir(directory.join('a.zarr'));
  await writeFile(directory.join('a.zarr/thesis.txt'), 'years of work');
  const error = await rejection(createVolume(directory.join('a.zarr'), { ...options, resume: true }));
  expect(error.code).toBe('em-io/exists');
  expect(error.message).toMatch(/thesis\.txt is there, zarr\.json is not/);
  expect(await readdir(directory.join('a.zarr'))).toEqual(['thesis.txt']);
  await writeFile(directory.join('b.zarr'), '');
  expect(await rejection(createVolume(directory.join('b.zarr'), { ...options, resume: true }))).toMatchObject(
    {
      code: 'em-io/exists',
    },
  );
});

test('npy cannot be resumed, and resume and overwrite exclude each other', async () => {
  const npy = await rejection(createVolume(directory.join('a.npy'), { ...options, resume: true }));
  expect(npy).toMatchObject({ code: 'em-io/option' });
  const both = await rejection(
    createVolume(directory.join('a.zarr'), { ...options, resume: true, overwrite: true }),
  );
  expect(both).toMatchObject({ code: 'em-io/option' });
  expect(await readdir(directory.path)).toEqual([]);
});

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Dtype } from '../dtype.ts';
import { wholeBox } from '../geometry.ts';
import { openVolume } from '../open.ts';
import { cutOut, fixture, fixtureShape, pattern, rejection, temporaryDirectory } from '../testing.ts';

const directory = (name: string) => fixture(`zarr/${name}`);
const whole = wholeBox(fixtureShape);

describe('reading what zarr-python wrote', () => {
  test.each<[string, Dtype]>([
    ['zstd', 'uint8'],
    ['raw', 'uint16'],
    ['gzip', 'int32'],
    ['blosc', 'float32'],
    ['crc32c', 'uint8'],
    ['big-endian', 'uint32'],
    ['transposed', 'int16'],
    ['sharded', 'uint64'],
    ['bool', 'bool'],
    ['v2', 'uint16'],
    ['v2-fortran', 'int16'],
  ])('%s', async (name, dtype) => {
    await using volume = await openVolume(directory(`${name}.zarr`));
    const expected = pattern(fixtureShape, dtype);
    expect(volume).toMatchObject({
      format: 'zarr',
      dtype,
      shape: [4, 5, 6],
      location: directory(`${name}.zarr`),
    });
    expect(await volume.read(whole)).toEqual(expected);
    const box = { start: [1, 0, 2], stop: [4, 3, 5] } as const;
    expect(await volume.read(box)).toEqual(cutOut(expected, box.start, box.stop));
  });

  test('voxel size and offset', async () => {
    await using volume = await openVolume(directory('zstd.zarr'));
    expect(volume).toMatchObject({ voxelSize: [40, 4, 4], offset: [400, 0, 8], chunkShape: [2, 5, 4] });
  });

  test('channels come first', async () => {
    await using volume = await openVolume(directory('channels.zarr'));
    expect(volume).toMatchObject({ channels: 3, shape: [4, 5, 6], chunkShape: [2, 5, 4] });
    expect(await volume.read(whole)).toEqual(pattern([3, ...fixtureShape], 'float64'));
  });

  test('chunks that were never written hold the fill value', async () => {
    await using volume = await openVolume(directory('sparse.zarr'));
    const { data } = await volume.read(whole);
    const expected = pattern(fixtureShape, 'uint8');
    expect(data[0]).toBe(expected.data[0]);
    expect(data[5]).toBe(7);
    expect(data.at(-1)).toBe(7);
  });

  test('chunks that were never written are 0 where the fill value is undefined', async () => {
    await using volume = await openVolume(directory('v2-no-fill.zarr'));
    const { data } = await volume.read(whole);
    expect([data[0], data[1], data[5], data.at(-1)]).toEqual([11n, 48n, 0n, 0n]);
  });

  test('OME multiscales open at full resolution, or at the level named, in nm', async () => {
    await using full = await openVolume(directory('ome.zarr'));
    await using half = await openVolume(`${directory('ome.zarr')}:/s1`);
    expect(full).toMatchObject({
      shape: [4, 5, 6],
      voxelSize: [10, 10, 10],
      location: `${directory('ome.zarr')}:/s0`,
    });
    expect(half).toMatchObject({ shape: [2, 3, 3], voxelSize: [20, 20, 20] });
  });
});

describe('what cannot be read gives one sentence', () => {
  test.each([
    [
      'several arrays',
      'two-arrays.zarr',
      'em-io/dataset-ambiguous',
      /\/here\/a, \/here\/b\); name one, as in .*two-arrays\.zarr:\/here\/a/,
    ],
    [
      'a missing array',
      'two-arrays.zarr:/raw',
      'em-io/dataset-missing',
      /has no array \/raw; it has \/here\/a, \/here\/b/,
    ],
    ['below an array', 'zstd.zarr:/raw', 'em-io/dataset-missing', /has no array \/raw/],
    ['another axis order', 'xyz.zarr', 'em-io/axes', /names its axes \(x, y, z\), .*transpose it/],
    ['a directory that is no Zarr', '', 'em-io/dataset-missing', /without zarr\.json, \.zarray or \.zgroup/],
  ])('%s', async (_, name, code, message) => {
    const error = await rejection(openVolume(directory(name)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test.each([
    ['bytes that are not zstd', 'damaged.zarr', /Chunk 0\/0\/0 of .* cannot be decoded/],
    [
      'a chunk of another length',
      'short.zarr',
      /Chunk 0\/0\/0 of .* has 7 bytes after decoding, but its metadata says 40/,
    ],
    ['a wrong checksum', 'crc32c-damaged.zarr', /crc32c checksum does not match/],
  ])('%s, where it is touched and only there', async (_, name, message) => {
    await using volume = await openVolume(directory(name));
    const error = await rejection(volume.read(whole));
    expect(error.code).toBe('em-io/chunk-unreadable');
    expect(error.message).toMatch(message);
    const sound = { start: [2, 0, 0], stop: [4, 5, 6] } as const;
    expect(await volume.read(sound)).toEqual(cutOut(pattern(fixtureShape, 'uint8'), sound.start, sound.stop));
  });

  test('a chunk that unpacks to far more than a chunk', async () => {
    const { gzipSync } = await import('node:zlib');
    await using temporary = await temporaryDirectory();
    await cp(directory('gzip.zarr'), temporary.join('bomb.zarr'), { recursive: true });
    await writeFile(temporary.join('bomb.zarr/c/0/0/0'), gzipSync(new Uint8Array(50e6)));
    await using volume = await openVolume(temporary.join('bomb.zarr'));
    expect((await rejection(volume.read(whole))).code).toBe('em-io/chunk-unreadable');
  });

  test('a truncated shard', async () => {
    await using temporary = await temporaryDirectory();
    await cp(directory('sharded.zarr'), temporary.join('x.zarr'), { recursive: true });
    const shard = temporary.join('x.zarr/c/0/0/0');
    await writeFile(shard, (await readFile(shard)).subarray(0, 20));
    await using volume = await openVolume(temporary.join('x.zarr'));
    expect(await rejection(volume.read(whole))).toMatchObject({ code: 'em-io/truncated' });
  });

  test.each([
    ['no JSON', () => 'oops', 'em-io/damaged'],
    [
      'a shape of text',
      (json: string) => json.replace(/"shape": \[\s*4/, '"shape": ["many"'),
      'em-io/damaged',
    ],
    [
      'chunks of nothing',
      (json: string) => json.replace(/"chunk_shape": \[\s*2/, '"chunk_shape": [0'),
      'em-io/damaged',
    ],
    [
      'chunks of a terabyte',
      (json: string) => json.replace(/"chunk_shape": \[\s*2/, '"chunk_shape": [99999999999'),
      'em-io/too-large',
    ],
    ['float16', (json: string) => json.replace('"uint8"', '"float16"'), 'em-io/dtype-unsupported'],
    ['complex numbers', (json: string) => json.replace('"uint8"', '"complex64"'), 'em-io/dtype-unsupported'],
  ])('metadata with %s', async (_, edit, code) => {
    await using temporary = await temporaryDirectory();
    await mkdir(temporary.join('x.zarr'));
    const json = await readFile(directory('zstd.zarr/zarr.json'), 'utf8');
    await writeFile(temporary.join('x.zarr/zarr.json'), edit(json));
    expect((await rejection(openVolume(temporary.join('x.zarr')))).code).toBe(code);
  });

  test('an unknown codec is named', async () => {
    await using temporary = await temporaryDirectory();
    await cp(directory('zstd.zarr'), temporary.join('x.zarr'), { recursive: true });
    const json = await readFile(directory('zstd.zarr/zarr.json'), 'utf8');
    await writeFile(temporary.join('x.zarr/zarr.json'), json.replace('"zstd"', '"wavelet"'));
    await using volume = await openVolume(temporary.join('x.zarr'));
    const error = await rejection(volume.read(whole));
    expect(error.code).toBe('em-io/filter-unsupported');
    expect(error.message).toMatch(/compressed with the codec wavelet/);
  });
});

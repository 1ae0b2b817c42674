import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { dtypes, type Dtype } from '../dtype.ts';
import { wholeBox } from '../geometry.ts';
import { openVolume } from '../open.ts';
import { cutOut, fixture, fixtureShape, pattern, rejection } from '../testing.ts';

const file = (name: string) => fixture(`hdf5/${name}`);
const whole = wholeBox(fixtureShape);

describe('reading what h5py wrote', () => {
  test('a file in the CREMI layout opens as its raw volume with voxel size and offset in nm', async () => {
    await using volume = await openVolume(file('cremi-like.h5'));
    expect(volume).toMatchObject({
      location: `${file('cremi-like.h5')}:/volumes/raw`,
      format: 'hdf5',
      dtype: 'uint8',
      shape: [4, 5, 6],
      chunkShape: [2, 5, 4],
      voxelSize: [40, 4, 4],
      offset: [400, 0, 8],
      attributes: { comment: 'made by h5py', resolution: [40, 4, 4] },
    });
    expect(volume.channels).toBeUndefined();
    expect(await volume.read(whole)).toEqual(pattern(fixtureShape, 'uint8'));
  });

  test('a dataset is named after a colon or by the option', async () => {
    const expected = pattern(fixtureShape, 'uint64');
    await using named = await openVolume(`${file('cremi-like.h5')}:/volumes/labels/neuron_ids`);
    await using optional = await openVolume(file('cremi-like.h5'), { dataset: 'volumes/labels/neuron_ids' });
    expect(await named.read(whole)).toEqual(expected);
    expect(await optional.read(whole)).toEqual(expected);
  });

  test.each(dtypes)('%s', async (dtype) => {
    await using volume = await openVolume(`${file('dtypes.h5')}:/little/${dtype}`);
    expect(volume.dtype).toBe(dtype);
    expect(await volume.read(whole)).toEqual(pattern(fixtureShape, dtype));
  });

  test.each<Dtype>(['int16', 'uint32', 'uint64', 'float32', 'float64'])('big-endian %s', async (dtype) => {
    await using volume = await openVolume(`${file('dtypes.h5')}:/big/${dtype}`);
    expect(await volume.read(whole)).toEqual(pattern(fixtureShape, dtype));
  });

  test.each([
    'contiguous',
    'chunked',
    'gzip',
    'shuffle-gzip',
    'fletcher32',
    'scaleoffset',
    'growing',
    'linked',
  ])('the layout %s', async (name) => {
    await using volume = await openVolume(`${file('layouts.h5')}:/${name}`);
    expect(await volume.read(whole)).toEqual(pattern(fixtureShape, 'uint16'));
  });

  test('a virtual dataset whose sources are there', async () => {
    await using volume = await openVolume(`${file('virtual.h5')}:/present`);
    expect(await volume.read(whole)).toEqual(pattern(fixtureShape, 'uint8'));
  });

  test('channels come first', async () => {
    await using volume = await openVolume(`${file('layouts.h5')}:/affinities`);
    expect(volume).toMatchObject({ shape: [4, 5, 6], channels: 3, chunkShape: [2, 5, 4] });
    const expected = cutOut(pattern([3, 4, 5, 6], 'float32'), [0, 1, 2, 3], [3, 4, 4, 5]);
    expect(await volume.read({ start: [1, 2, 3], stop: [4, 4, 5] })).toEqual(expected);
  });

  test('the only volume is found wherever it is, and newer file versions are read', async () => {
    await using only = await openVolume(file('only-one.h5'));
    await using newer = await openVolume(file('v110.h5'));
    expect(only.location).toMatch(/:\/some\/where$/);
    expect(await newer.read(whole)).toEqual(pattern(fixtureShape, 'uint8'));
  });

  test('any box equals the same box of the whole', async () => {
    await using volume = await openVolume(file('cremi-like.h5'));
    const all = await volume.read(whole);
    const range = (length: number) =>
      fc.tuple(fc.nat(length), fc.nat(length)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
    await fc.assert(
      fc.asyncProperty(range(4), range(5), range(6), async (z, y, x) => {
        const box = { start: [z[0], y[0], x[0]], stop: [z[1], y[1], x[1]] } as const;
        expect(await volume.read(box)).toEqual(cutOut(all, box.start, box.stop));
      }),
    );
  });
});

describe('what cannot be read gives one sentence with a remedy', () => {
  test('LZF is refused before it is read, because the library would return garbage', async () => {
    const { code, message } = await rejection(openVolume(file('lzf.h5')));
    expect(code).toBe('em-io/filter-unsupported');
    expect(message).toBe(
      `/main in ${file('lzf.h5')} is compressed with LZF (HDF5 filter 32000), which cannot be read here; ` +
        `convert it, e.g. with h5repack -f /main:GZIP=4 ${file('lzf.h5')} converted.h5.`,
    );
  });

  test.each([
    [
      'a truncated file',
      'truncated.h5',
      'em-io/truncated',
      /promises 4752 bytes, but there are 2376; copy it again/,
    ],
    [
      'a truncated newer file',
      'v110-truncated.h5',
      'em-io/truncated',
      /promises 2248 bytes, but there are 2148/,
    ],
    ['a missing file', 'nowhere.h5', 'em-io/not-found', /nowhere\.h5 does not exist/],
    [
      'a missing dataset',
      'only-one.h5:/raw',
      'em-io/dataset-missing',
      /\/raw in .* does not exist; the file has \/some\/where \(uint8, 4 x 5 x 6\), \/table \(float64, 2 x 3\)/,
    ],
    ['a group', 'cremi-like.h5:/volumes', 'em-io/dataset-missing', /is a group, not a dataset/],
    ['a link to nothing', 'layouts.h5:/broken', 'em-io/dataset-missing', /is a link to nothing/],
    ['a link to another file', 'layouts.h5:/elsewhere', 'em-io/dataset-missing', /link to another file/],
    [
      'several candidates',
      'layouts.h5',
      'em-io/dataset-ambiguous',
      /name one, as in .*layouts\.h5:\/affinities/,
    ],
    [
      'no candidate',
      'no-volume.h5',
      'em-io/dataset-missing',
      /has no dataset with the axes .*\/table \(float64, 2 x 3\)/,
    ],
    [
      'a source that is missing',
      'virtual.h5:/missing',
      'em-io/dataset-missing',
      /is assembled from nowhere\.h5, which is not at .*hdf5\/nowhere\.h5/,
    ],
    ['one section', 'layouts.h5:/section', 'em-io/axes', /has shape 5 x 6, .*add a z axis of length 1/],
    ['five axes', 'layouts.h5:/movie', 'em-io/axes', /has shape 1 x 1 x 4 x 5 x 6/],
    ['text', 'layouts.h5:/text', 'em-io/dtype-unsupported', /does not hold bool, integers/],
    ['float16', 'dtypes.h5:/little/float16', 'em-io/dtype-unsupported', /does not hold bool, integers/],
  ])('%s', async (_, name, code, message) => {
    const error = await rejection(openVolume(file(name)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test('a damaged chunk fails where it is touched, and only there', async () => {
    await using volume = await openVolume(file('damaged-chunk.h5'));
    const error = await rejection(volume.read({ start: [0, 0, 0], stop: [1, 5, 6] }));
    expect(error.code).toBe('em-io/chunk-unreadable');
    expect(error.message).toMatch(/\/main in .* cannot be read between \[0, 0, 0\] and \[1, 5, 6\]/);
    const sound = { start: [2, 0, 0], stop: [4, 5, 6] } as const;
    expect(await volume.read(sound)).toEqual(cutOut(pattern(fixtureShape, 'uint8'), sound.start, sound.stop));
  });

  test('thousands of failures leave the library working', async () => {
    await using damaged = await openVolume(file('damaged-chunk.h5'));
    for (let i = 0; i < 2500; i++)
      await damaged.read({ start: [0, 0, 0], stop: [1, 1, 1] }).catch(() => undefined);
    await using volume = await openVolume(file('cremi-like.h5'));
    expect(await volume.read(whole)).toEqual(pattern(fixtureShape, 'uint8'));
  });

  test('a volume without voxels opens and reads as nothing', async () => {
    await using volume = await openVolume(`${file('layouts.h5')}:/empty`);
    expect(volume.shape).toEqual([0, 5, 6]);
    expect((await volume.read(wholeBox(volume.shape))).data.length).toBe(0);
  });

  test('an aborted read rejects with the reason', async () => {
    await using volume = await openVolume(file('cremi-like.h5'));
    const reason = new Error('no longer wanted');
    await expect(volume.read(whole, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

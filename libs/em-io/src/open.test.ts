import { mkdir, rename, copyFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { wholeBox } from './geometry.ts';
import { openVolume } from './open.ts';
import { fixture, fixtureShape, pattern, rejection, temporaryDirectory } from './testing.ts';

const whole = wholeBox(fixtureShape);

test('the content says what a file is, not its name', async () => {
  await using directory = await temporaryDirectory();
  await copyFile(fixture('npy/uint8.npy'), directory.join('a.bin'));
  await copyFile(fixture('hdf5/cremi-like.h5'), directory.join('a.npy'));
  await using npy = await openVolume(directory.join('a.bin'));
  await using hdf5 = await openVolume(directory.join('a.npy'));
  expect([npy.format, hdf5.format]).toEqual(['npy', 'hdf5']);
});

test('colons in a path are not taken for a dataset', async () => {
  await using directory = await temporaryDirectory();
  await mkdir(directory.join('10:30'));
  await copyFile(fixture('hdf5/cremi-like.h5'), directory.join('10:30/a:b.h5'));
  await using plain = await openVolume(directory.join('10:30/a:b.h5'));
  await using named = await openVolume(`${directory.join('10:30/a:b.h5')}:/volumes/labels/neuron_ids`);
  expect([plain.dtype, named.dtype]).toEqual(['uint8', 'uint64']);
});

test('file URLs open', async () => {
  await using volume = await openVolume(pathToFileURL(fixture('zarr/zstd.zarr')).href);
  expect(await volume.read(whole)).toEqual(pattern(fixtureShape, 'uint8'));
});

test('the location of a volume opens it again', async () => {
  for (const name of ['hdf5/cremi-like.h5', 'zarr/ome.zarr', 'npy/uint8.npy']) {
    await using volume = await openVolume(fixture(name));
    await using again = await openVolume(volume.location);
    expect(await again.read(wholeBox(again.shape))).toEqual(await volume.read(wholeBox(volume.shape)));
  }
});

test.each([
  ['x.h5', 'em-io/damaged', /is not an HDF5 file: it does not start with the HDF5 signature/],
  ['x.npy', 'em-io/damaged', /is not a readable npy file: it starts with the bytes 68 65 6c 6c 6f 20/],
  ['x.tif', 'em-io/unknown-format', /neither HDF5 nor npy, nor a Zarr directory/],
])('text named %s is refused', async (name, code, message) => {
  await using directory = await temporaryDirectory();
  await writeFile(directory.join(name), 'hello world');
  const error = await rejection(openVolume(directory.join(name)));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test('an empty file is called empty', async () => {
  await using directory = await temporaryDirectory();
  await writeFile(directory.join('x.h5'), '');
  expect((await rejection(openVolume(directory.join('x.h5')))).message).toMatch(
    /not an HDF5 file: it is empty/,
  );
});

test('remote locations are refused by name', async () => {
  const error = await rejection(openVolume('s3://user:password@bucket/x.zarr?signature=mine'));
  expect(error).toMatchObject({ code: 'em-io/unknown-format' });
  expect(error.message).toMatch(/remote location \(s3\), and only local paths and http\(s\) URLs/);
});

test.each(['hdf5/cremi-like.h5', 'zarr/zstd.zarr', 'npy/uint8.npy'])(
  '%s checks boxes, limits and closing',
  async (name) => {
    const volume = await openVolume(fixture(name), { maxReadBytes: 100 });
    const outside = await rejection(volume.read({ start: [0, 0, 0], stop: [4, 5, 7] }));
    expect(outside.code).toBe('em-io/box-outside');
    expect(outside.message).toMatch(
      /The box \[0:4, 0:5, 0:7\] is not inside .*, whose shape is 4 x 5 x 6 \(z, y, x\)/,
    );
    for (const start of [
      [-1, 0, 0],
      [0.5, 0, 0],
      [2, 0, 0],
    ] as const) {
      expect(await rejection(volume.read({ start, stop: [1, 1, 1] }))).toMatchObject({
        code: 'em-io/box-outside',
      });
    }
    const large = await rejection(volume.read(whole));
    expect(large.code).toBe('em-io/too-large');
    expect(large.message).toMatch(
      /takes 120 bytes, more than the limit of 100; read smaller boxes or raise maxReadBytes/,
    );
    expect((await volume.read({ start: [1, 1, 1], stop: [1, 1, 1] })).data).toHaveLength(0);
    await volume.close();
    await volume.close();
    expect(await rejection(volume.read(whole))).toMatchObject({ code: 'em-io/closed' });
  },
);

test('a moved file says so when it is opened again', async () => {
  await using directory = await temporaryDirectory();
  await copyFile(fixture('npy/uint8.npy'), directory.join('a.npy'));
  await rename(directory.join('a.npy'), directory.join('b.npy'));
  expect(await rejection(openVolume(directory.join('a.npy')))).toMatchObject({ code: 'em-io/not-found' });
});

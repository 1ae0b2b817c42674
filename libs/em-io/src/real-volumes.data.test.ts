/** The real volumes of EM_DATA_DIR, by default `shared/data` beside the repository. */
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createVolume } from './create.ts';
import { bytesOf } from './dtype.ts';
import { wholeBox, type Box, type Vec3 } from './geometry.ts';
import { toUint32 } from './ndarray.ts';
import { openVolume } from './open.ts';
import { cutOut, rejection, temporaryDirectory } from './testing.ts';

const dataDirectory = resolve(
  process.env['EM_DATA_DIR'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url)),
);

function data(name: string): string {
  const path = join(dataDirectory, name);
  if (!existsSync(path))
    throw new Error(`${path} is missing: set EM_DATA_DIR to the directory that holds the real volumes.`);
  return path;
}

const volumes: [string, Vec3, Vec3 | undefined][] = [
  ['fib25-train.h5', [250, 190, 250], [10, 10, 10]],
  ['fib25-unlabelled.h5', [400, 512, 512], [10, 10, 10]],
  ['fib25-unlabelled-small.h5', [250, 250, 250], [10, 10, 10]],
  ['gala-train.h5', [50, 100, 200], undefined],
];

describe.each(volumes)('%s', (name, shape, voxelSize) => {
  test('opens as its raw volume', async () => {
    await using volume = await openVolume(data(name));
    expect(volume).toMatchObject({ dtype: 'uint8', shape, location: `${data(name)}:/volumes/raw` });
    expect(volume.voxelSize).toEqual(voxelSize);
  });

  test('a box equals the same box of a whole section range', async () => {
    await using volume = await openVolume(data(name));
    const slab: Box = { start: [20, 0, 0], stop: [30, shape[1], shape[2]] };
    const box: Box = { start: [23, 17, 41], stop: [29, 90, 133] };
    const whole = await volume.read(slab);
    expect(new Set(bytesOf(whole.data)).size).toBeGreaterThan(100); // an image, not a constant
    expect(await volume.read(box)).toEqual(cutOut(whole, [3, 17, 41], [9, 90, 133]));
  });
});

test.each([
  ['fib25-train.h5', [250, 190, 250]],
  ['gala-train.h5', [50, 100, 200]],
])('%s has neuron ids', async (name, shape) => {
  await using volume = await openVolume(`${data(name)}:/volumes/labels/neuron_ids`);
  expect(volume).toMatchObject({ dtype: 'uint32', shape });
  const labels = toUint32(await volume.read(wholeBox(volume.shape)), name);
  expect(new Set(labels).size).toBeGreaterThan(20);
});

test('unlabelled volumes say what they have when labels are asked for', async () => {
  const error = await rejection(
    openVolume(`${data('fib25-unlabelled-small.h5')}:/volumes/labels/neuron_ids`),
  );
  expect(error.code).toBe('em-io/dataset-missing');
  expect(error.message).toMatch(/the file has \/volumes\/raw \(uint8, 250 x 250 x 250\)/);
});

test('a volume of 105 MB is read box by box in flat memory', async () => {
  await using volume = await openVolume(data('fib25-unlabelled.h5'));
  const box = (z: number): Box => ({ start: [z, 100, 100], stop: [z + 40, 228, 228] });
  await volume.read(box(0));
  const before = process.memoryUsage().rss;
  for (let z = 0; z < 400; z += 40) await volume.read(box(z));
  expect(process.memoryUsage().rss - before).toBeLessThan(60e6);
});

test('a real volume survives HDF5 to Zarr to npy, bit for bit', async () => {
  await using directory = await temporaryDirectory();
  await using source = await openVolume(data('gala-train.h5'));
  const box = wholeBox(source.shape);
  const original = await source.read(box);
  await using zarr = await createVolume(directory.join('a.zarr'), {
    shape: source.shape,
    dtype: source.dtype,
  });
  await zarr.write(box, original);
  await using npy = await createVolume(directory.join('a.npy'), { shape: source.shape, dtype: source.dtype });
  await npy.write(box, await zarr.read(box));
  await npy.close();
  await using last = await openVolume(directory.join('a.npy'));
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  expect(digest(bytesOf((await last.read(box)).data))).toBe(digest(bytesOf(original.data)));
});

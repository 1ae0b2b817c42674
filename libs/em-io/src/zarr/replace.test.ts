import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createVolume } from '../create.ts';
import { wholeBox, type Box, type Vec3 } from '../geometry.ts';
import { ndArray } from '../ndarray.ts';
import { openVolume } from '../open.ts';
import { rejection, temporaryDirectory } from '../testing.ts';
import type { Volume } from '../volume.ts';

const shape: Vec3 = [4, 4, 4];
const options = { shape, dtype: 'uint8', chunkShape: [2, 4, 4] } as const;
const half = (z: number): Box => ({ start: [z, 0, 0], stop: [z + 2, 4, 4] });

function filled(value: number, of: readonly number[]) {
  const array = ndArray('uint8', of);
  (array.data as Uint8Array).fill(value); // as its dtype says
  return array;
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  path = directory.join('a.zarr');
  const old = await createVolume(path, options);
  await old.write(wholeBox(shape), filled(1, shape));
  await old.close();
});
afterEach(() => directory[Symbol.asyncDispose]());

const replacing = () => createVolume(path, { ...options, overwrite: true });

async function valuesOf(volume: Volume): Promise<number[]> {
  const { data } = await volume.read(wholeBox(shape));
  return [...new Set(Array.from(data, Number))];
}

async function values(): Promise<number[]> {
  await using reader = await openVolume(path);
  return await valuesOf(reader);
}

test('what is replaced is there, whole, until the new array is closed', async () => {
  const writer = await replacing();
  expect(await values()).toEqual([1]);
  await Promise.all([
    writer.write(half(0), filled(2, [2, 4, 4])),
    writer.write(half(2), filled(2, [2, 4, 4])),
  ]);
  expect(await values()).toEqual([1]);
  expect(await valuesOf(writer)).toEqual([2]);
  await writer.close();
  expect(await values()).toEqual([2]);
  expect(await readdir(directory.path)).toEqual(['a.zarr']);
});

test('no chunk of the old array shows through one that was never written', async () => {
  const writer = await replacing();
  await writer.write(half(2), filled(3, [2, 4, 4]));
  await writer.close();
  expect(await values()).toEqual([0, 3]);
});

test('a writer that is abandoned leaves the old array and nothing else', async () => {
  {
    await using writer = await replacing();
    await writer.write(half(0), filled(2, [2, 4, 4]));
  }
  expect(await values()).toEqual([1]);
  expect(await readdir(directory.path)).toEqual(['a.zarr']);
});

test('what a killed writer left is not read, and is gone with the next', async () => {
  const killed = await replacing();
  await killed.write(half(0), filled(2, [2, 4, 4]));
  expect(await readdir(directory.path)).toEqual(['a.zarr', 'a.zarr.partial']);
  expect(await values()).toEqual([1]);
  const next = await replacing();
  await next.write(half(2), filled(3, [2, 4, 4]));
  await next.close();
  expect(await values()).toEqual([0, 3]);
  expect(await readdir(directory.path)).toEqual(['a.zarr']);
});

test('a directory that only has the name of a leftover is kept', async () => {
  await mkdir(`${path}.partial`);
  await writeFile(`${path}.partial/thesis.txt`, 'years of work');
  expect(await rejection(replacing())).toMatchObject({
    code: 'em-io/exists',
    message: expect.stringMatching(/a\.zarr\.partial .*thesis\.txt.*move it/),
  });
  expect(await readFile(`${path}.partial/thesis.txt`, 'utf8')).toBe('years of work');
  expect(await values()).toEqual([1]);
});

test('closing waits for what is being written', async () => {
  const writer = await replacing();
  const writes = [0, 2].map((z) => writer.write(half(z), filled(4, [2, 4, 4])));
  await writer.close();
  await Promise.all(writes);
  expect(await values()).toEqual([4]);
  expect(await readdir(directory.path)).toEqual(['a.zarr']);
});

test('a link is replaced, not what it leads to', async () => {
  const target = path;
  path = directory.join('link.zarr');
  await symlink(target, path);
  const writer = await replacing();
  await writer.write(wholeBox(shape), filled(5, shape));
  await writer.close();
  expect(await values()).toEqual([5]);
  path = target;
  expect(await values()).toEqual([1]);
});

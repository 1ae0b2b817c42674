import { afterEach, expect, test, vi } from 'vitest';
import { createVolume } from '../create.ts';
import { boxShape, wholeBox } from '../geometry.ts';
import { ndArray } from '../ndarray.ts';
import { openVolume } from '../open.ts';
import { fixture, pattern, temporaryDirectory } from '../testing.ts';
import { DirectoryStore } from './store.ts';

afterEach(() => vi.restoreAllMocks());

test('only the chunks that a box touches are read', async () => {
  await using directory = await temporaryDirectory();
  await using writer = await createVolume(directory.join('a.zarr'), {
    shape: [96, 96, 96],
    dtype: 'uint8',
    chunkShape: [32, 32, 32],
  });
  await writer.write(wholeBox([96, 96, 96]), ndArray('uint8', [96, 96, 96]));
  await using reader = await openVolume(directory.join('a.zarr'));
  const get = vi.spyOn(DirectoryStore.prototype, 'get');
  const keys = () => get.mock.calls.map(([key]) => key).sort();
  await reader.read({ start: [33, 0, 64], stop: [64, 32, 96] });
  expect(keys()).toEqual(['/c/1/0/2']);
  get.mockClear();
  await reader.read({ start: [31, 0, 64], stop: [33, 33, 96] });
  expect(keys()).toEqual(['/c/0/0/2', '/c/0/1/2', '/c/1/0/2', '/c/1/1/2']);
});

test('whole chunks are written without reading them first, also where the volume ends inside them', async () => {
  await using directory = await temporaryDirectory();
  await using writer = await createVolume(directory.join('a.zarr'), {
    shape: [5, 5, 5],
    dtype: 'uint8',
    chunkShape: [4, 4, 4],
  });
  const get = vi.spyOn(DirectoryStore.prototype, 'get');
  const box = { start: [0, 0, 4], stop: [4, 5, 5] } as const;
  await writer.write(box, pattern(boxShape(box), 'uint8'));
  expect(get).not.toHaveBeenCalled();
  await writer.write({ start: [0, 0, 0], stop: [1, 1, 1] }, pattern([1, 1, 1], 'uint8'));
  expect(get).toHaveBeenCalledTimes(1);
});

test('a shard is read by parts', async () => {
  const range = vi.spyOn(DirectoryStore.prototype, 'getRange');
  await using reader = await openVolume(fixture('zarr/sharded.zarr'));
  await reader.read({ start: [0, 0, 0], stop: [1, 1, 1] });
  expect(range.mock.calls.map(([key]) => key)).toEqual(['/c/0/0/0', '/c/0/0/0']); // the index, then one inner chunk
});

test('an abort in the middle stops the rest', async () => {
  await using directory = await temporaryDirectory();
  await using writer = await createVolume(directory.join('a.zarr'), {
    shape: [64, 8, 8],
    dtype: 'uint8',
    chunkShape: [1, 8, 8],
  });
  await writer.write(wholeBox([64, 8, 8]), ndArray('uint8', [64, 8, 8]));
  const controller = new AbortController();
  const reason = new Error('stop');
  const original = DirectoryStore.prototype.get;
  let reads = 0;
  vi.spyOn(DirectoryStore.prototype, 'get').mockImplementation(function (this: DirectoryStore, key, options) {
    reads += 1;
    if (reads === 5) controller.abort(reason);
    return original.call(this, key, options);
  });
  await using reader = await openVolume(directory.join('a.zarr'));
  await expect(reader.read(wholeBox([64, 8, 8]), { signal: controller.signal })).rejects.toBe(reason);
  expect(reads).toBeLessThan(12);
});

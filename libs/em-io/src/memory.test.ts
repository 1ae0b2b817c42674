import { expect, test } from 'vitest';
import { wholeBox } from './geometry.ts';
import { volumeFromArray } from './memory.ts';
import { cutOut, pattern, rejection } from './testing.ts';

test('boxes of an array in memory', async () => {
  const array = pattern([3, 4, 5, 6], 'uint16');
  await using volume = volumeFromArray(array, { voxelSize: [40, 4, 4], location: 'the body' });
  expect(volume).toMatchObject({ format: 'memory', shape: [4, 5, 6], channels: 3, voxelSize: [40, 4, 4] });
  expect(await volume.read({ start: [1, 2, 3], stop: [3, 5, 4] })).toEqual(
    cutOut(array, [0, 1, 2, 3], [3, 3, 5, 4]),
  );
});

test('reading copies: the array cannot be changed through what was read', async () => {
  const array = pattern([1, 2, 2], 'uint8');
  await using volume = volumeFromArray(array);
  const { data } = await volume.read(wholeBox([1, 2, 2]));
  data[0] = 99;
  expect(array).toEqual(pattern([1, 2, 2], 'uint8'));
});

test('arrays that are no volume, or contradict themselves, are refused', async () => {
  await expect(async () => volumeFromArray(pattern([2, 2], 'uint8'))).rejects.toMatchObject({
    code: 'em-io/axes',
  });
  const wrong = { dtype: 'uint8', shape: [1, 2, 3], data: new Uint8Array(5) } as const;
  expect((await rejection((async () => volumeFromArray(wrong))())).message).toMatch(
    /has 6 elements, but its data has 5/,
  );
  const other = { dtype: 'float32', shape: [1, 1, 5], data: new Uint8Array(5) } as const;
  expect((await rejection((async () => volumeFromArray(other))())).message).toMatch(
    /says dtype float32 but its data is a Uint8Array/,
  );
});

import { copyFile, truncate } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { dtypes, type Dtype } from '../dtype.ts';
import { wholeBox } from '../geometry.ts';
import { openVolume } from '../open.ts';
import { cutOut, fixture, fixtureShape, pattern, rejection, temporaryDirectory } from '../testing.ts';

const file = (name: string) => fixture(`npy/${name}.npy`);
const boxes = [
  wholeBox(fixtureShape),
  { start: [1, 0, 0], stop: [3, 5, 6] },
  { start: [1, 2, 0], stop: [3, 4, 6] },
  { start: [0, 1, 2], stop: [4, 4, 3] },
  { start: [3, 4, 5], stop: [4, 5, 6] },
] as const;

describe('boxes of files that numpy wrote', () => {
  const cases: [string, Dtype][] = [
    ...dtypes.map((dtype): [string, Dtype] => [dtype, dtype]),
    ['int16-big', 'int16'],
    ['float64-big', 'float64'],
    ['fortran', 'int32'],
    ['version-2', 'uint16'],
    ['version-3', 'uint16'],
  ];
  test.each(cases)('%s', async (name, dtype) => {
    await using volume = await openVolume(file(name));
    expect(volume).toMatchObject({ format: 'npy', dtype, shape: fixtureShape, attributes: {} });
    const whole = pattern(fixtureShape, dtype);
    for (const box of boxes) expect(await volume.read(box)).toEqual(cutOut(whole, box.start, box.stop));
  });

  test('with channels', async () => {
    await using volume = await openVolume(file('channels'));
    expect(volume.channels).toBe(3);
    const whole = pattern([3, ...fixtureShape], 'float32');
    for (const box of boxes) {
      expect(await volume.read(box)).toEqual(cutOut(whole, [0, ...box.start], [3, ...box.stop]));
    }
  });
});

test.each([
  ['truncated', 'em-io/truncated', /368 bytes in all, but there are 361/],
  ['trailing', 'em-io/length-mismatch', /368 bytes in all, but there are 371/],
  ['section', 'em-io/axes', /add a z axis/],
  ['scalar', 'em-io/axes', /has shape a scalar/],
  ['object', 'em-io/dtype-unsupported', /never loaded/],
])('%s.npy is refused when it is opened', async (name, code, message) => {
  const error = await rejection(openVolume(file(name)));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(error.message).toContain(file(name));
});

test('a file that shrinks while it is open is an error, not zeros', async () => {
  await using directory = await temporaryDirectory();
  await copyFile(file('float32'), directory.join('a.npy'));
  await using volume = await openVolume(directory.join('a.npy'));
  await truncate(directory.join('a.npy'), 200);
  expect(await rejection(volume.read(wholeBox(fixtureShape)))).toMatchObject({ code: 'em-io/truncated' });
});

test('a dataset name makes no sense', async () => {
  expect(await rejection(openVolume(`${file('uint8')}:/raw`))).toMatchObject({
    code: 'em-io/dataset-missing',
  });
});

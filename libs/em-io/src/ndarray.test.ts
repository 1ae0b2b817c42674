import { expect, test } from 'vitest';
import { assertFinite, ndArray, toUint32 } from './ndarray.ts';

test('an array is zeros of its dtype unless data is given', () => {
  expect(ndArray('int16', [2, 3])).toEqual({ dtype: 'int16', shape: [2, 3], data: new Int16Array(6) });
  expect(() => ndArray('int16', [2, 3], new Int16Array(5))).toThrow(/has 6 elements, but its data has 5/);
  expect(() => ndArray('int16', [-1, 3], new Int16Array(0))).toThrow(/every axis must be an integer/);
});

test('NaN and infinity are found and placed', () => {
  const data = new Float32Array(24);
  assertFinite(ndArray('float32', [2, 3, 4], data), 'raw');
  data[1 * 12 + 2 * 4 + 1] = NaN;
  expect(() => assertFinite(ndArray('float32', [2, 3, 4], data), 'raw')).toThrow(
    'raw holds NaN at [1, 2, 1]; replace values that are not finite before sending it.',
  );
  data[0] = -Infinity;
  expect(() => assertFinite(ndArray('float32', [2, 3, 4], data), 'raw')).toThrow(
    /raw holds -Infinity at \[0, 0, 0\]/,
  );
  assertFinite(ndArray('uint8', [1, 1, 1]), 'raw');
});

test('labels of any integer dtype become Uint32, or are refused by value', () => {
  const ids = new Uint32Array([1, 2]);
  expect(toUint32(ndArray('uint32', [2], ids), 'truth')).toBe(ids);
  expect(toUint32(ndArray('uint64', [2], new BigUint64Array([7n, 4294967295n])), 'truth')).toEqual(
    new Uint32Array([7, 4294967295]),
  );
  expect(() => toUint32(ndArray('uint64', [1], new BigUint64Array([4294967296n])), 'truth')).toThrow(
    'truth holds the id 4294967296, and ids must be between 0 and 4294967295; relabel it.',
  );
  expect(() => toUint32(ndArray('int8', [1], new Int8Array([-1])), 'truth')).toThrow(/holds the id -1/);
  expect(() => toUint32(ndArray('float32', [1]), 'truth')).toThrow(
    /truth is float32, but labels are integers/,
  );
});

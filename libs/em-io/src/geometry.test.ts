import { expect, test } from 'vitest';
import { boxShape, elementCount, intersectBoxes, wholeBox } from './geometry.ts';

test('boxes are half-open', () => {
  expect(boxShape(wholeBox([2, 3, 4]))).toEqual([2, 3, 4]);
  expect(elementCount(boxShape({ start: [1, 1, 1], stop: [2, 4, 3] }))).toBe(6);
});

test('boxes share what lies in both, and touching is not sharing', () => {
  const a = { start: [0, 0, 0], stop: [4, 4, 4] } as const;
  expect(intersectBoxes(a, { start: [2, 3, -1], stop: [9, 9, 2] })).toEqual({
    start: [2, 3, 0],
    stop: [4, 4, 2],
  });
  expect(intersectBoxes(a, { start: [4, 0, 0], stop: [5, 4, 4] })).toBeUndefined();
});

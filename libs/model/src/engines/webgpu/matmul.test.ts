import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partLength } from './matmul.ts';

it('cuts a sum over voxels into parts of about 512', () => {
  expect(partLength(16 * 160 * 160, 27 * 32)).toBe(512);
  expect(partLength(64 ** 3, 32 * 32)).toBe(512);
  expect(partLength(2100, 100)).toBe(525);
});

it('leaves alone what has no divisors', () => {
  expect(partLength(2003, 100)).toBe(2003);
  expect(partLength(2 * 100_003, 100)).toBe(2 * 100_003);
});

it('parts are equal, and their products do not fill the memory', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2000, max: 3e6 }), fc.integer({ min: 1, max: 1e6 }), (inner, outputs) => {
      const length = partLength(inner, outputs);
      expect(inner % length).toBe(0);
      if (length < inner) expect((inner / length) * outputs).toBeLessThanOrEqual(8 * 2 ** 24);
    }),
  );
});

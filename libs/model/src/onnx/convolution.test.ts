import { expect, it } from 'vitest';
import { samePadding } from './convolution.ts';

it('puts the odd cell of padding after', () => {
  expect(samePadding([5, 6, 7], [3, 4, 3], [1, 1, 2])).toEqual({ before: [1, 1, 1], after: [1, 2, 1] });
});

it('pads nothing when the stride steps over cells', () => {
  expect(samePadding([8, 5, 2], [1, 1, 1], [4, 4, 2])).toEqual({ before: [0, 0, 0], after: [0, 0, 0] });
});

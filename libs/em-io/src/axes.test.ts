import { expect, test } from 'vitest';
import { checkAxisNames, spacingFromAttributes } from './axes.ts';

test.each([
  [
    'ours and CREMI',
    { resolution: [40, 4, 4], offset: [1, 2, 3] },
    { voxelSize: [40, 4, 4], offset: [1, 2, 3] },
  ],
  ['daisy', { voxel_size: [8, 8, 8], offset: [0, 0, 0] }, { voxelSize: [8, 8, 8], offset: [0, 0, 0] }],
  ['in micrometres', { resolution: [0.01, 0.01, 0.01], units: 'um' }, { voxelSize: [10, 10, 10] }],
  ['a unit for each axis', { resolution: [1, 4, 4], units: ['um', 'nm', 'nm'] }, { voxelSize: [1000, 4, 4] }],
  ['ilastik', { element_size_um: [0.035, 0.008, 0.008] }, { voxelSize: [35, 8, 8] }],
  ['nothing', {}, {}],
  ['a size of zero', { resolution: [0, 4, 4] }, {}],
  ['text', { resolution: 'unknown' }, {}],
  ['two numbers', { resolution: [4, 4] }, {}],
  ['not a number', { resolution: [NaN, 4, 4] }, {}],
])('voxel size and offset: %s', (_, attributes, expected) => {
  expect(spacingFromAttributes(attributes)).toEqual(expected);
});

test('axes named in another order are refused; other vocabularies pass', () => {
  checkAxisNames(['z', 'y', 'x'], 'a');
  checkAxisNames(['c', 'Z', 'Y', 'X'], 'a');
  checkAxisNames(['depth', 'row', 'column'], 'a');
  expect(() => checkAxisNames(['z', 'y', 'x', 'c'], 'a')).toThrow(/a names its axes \(z, y, x, c\)/);
});

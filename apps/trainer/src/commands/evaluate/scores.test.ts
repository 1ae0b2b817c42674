import { expect, it } from 'vitest';
import { score, scoreTable } from './scores.ts';

const truth = Uint32Array.of(1, 1, 1, 1, 2, 2, 2, 2, 0, 0);

it('a score is VOI in bits, split and merge apart, and ignores truth 0', () => {
  // truth 1 in two halves: one bit for half of the voxels
  const halves = score('halves', truth, Uint32Array.of(1, 1, 2, 2, 3, 3, 3, 3, 9, 8));
  expect(halves).toEqual({
    name: 'halves',
    voi: 0.5,
    voiSplit: 0.5,
    voiMerge: 0,
    adaptedRand: expect.closeTo(0.2),
  });
  expect(score('one', truth, new Uint32Array(10).fill(1))).toMatchObject({
    voi: 1,
    voiSplit: 0,
    voiMerge: 1,
  });
  expect(score('itself', truth, truth)).toEqual({
    name: 'itself',
    voi: 0,
    voiSplit: 0,
    voiMerge: 0,
    adaptedRand: 0,
  });
});

it('a table of scores has a row each, and says where a score is undefined', () => {
  const rows = [
    { name: 'TokenUnify nano 0.1.0', voi: 1.0345, voiSplit: 0.7, voiMerge: 0.3345, adaptedRand: 0.12345 },
    { name: 'every voxel its own', voi: 12.5, voiSplit: 12.5, voiMerge: 0, adaptedRand: null },
  ];
  expect(scoreTable(rows)).toMatchInlineSnapshot(`
    "                           VOI    split    merge    adapted Rand error
    TokenUnify nano 0.1.0   1.0345   0.7000   0.3345      0.1235
    every voxel its own    12.5000  12.5000   0.0000   undefined"
  `);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vec3 } from '../ops/ops.ts';
import { Random } from '../random.ts';
import { drawPrefix, hideRandom, keepPrefix, tokenVoxels, voxelsOf } from './hiding.ts';

const axis = fc.integer({ min: 1, max: 4 });
const grids = fc.tuple(axis, axis, axis);
const count = ([z, y, x]: Vec3) => z * y * x;
const visibleIn = (visible: Uint8Array) => visible.reduce((sum, value) => sum + value, 0);

describe('random hiding', () => {
  it('hides the share asked for, to the nearest token', () => {
    for (const [share, hidden] of [
      [0.5, 32],
      [0.25, 16],
      [0.76, 49],
    ] as const)
      expect(visibleIn(hideRandom([4, 4, 4], share, new Random(1)))).toBe(64 - hidden);
  });

  it('always hides a token and leaves one, where there are two', () => {
    fc.assert(
      fc.property(grids, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (grid, share, seed) => {
        fc.pre(count(grid) > 1);
        const visible = hideRandom(grid, share, new Random(seed));
        expect(visible).toHaveLength(count(grid));
        expect(visibleIn(visible)).toBeGreaterThanOrEqual(1);
        expect(visibleIn(visible)).toBeLessThan(count(grid));
      }),
    );
  });

  it('is the seed’s: the same again, another for another seed', () => {
    const of = (seed: number) => hideRandom([4, 4, 4], 0.5, new Random(seed));
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  it('hides every token equally often', () => {
    const random = new Random(3);
    const hidden = new Array<number>(8).fill(0);
    for (let round = 0; round < 4000; round++)
      hideRandom([2, 2, 2], 0.25, random).forEach((visible, i) => (hidden[i]! += 1 - visible));
    // 1000 of 4000 each; five standard deviations of a binomial are 137
    for (const times of hidden) expect(Math.abs(times - 1000)).toBeLessThan(137);
  });
});

describe('a prefix', () => {
  it('is the first tokens in raster order', () => {
    expect([...keepPrefix([2, 2, 2], 3)]).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('is drawn from every length that leaves a token to predict', () => {
    const random = new Random(1);
    const drawn = new Set(Array.from({ length: 500 }, () => drawPrefix([2, 2, 2], random)));
    expect([...drawn].sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('tokens and voxels', () => {
  it('a token of 1 x 2 x 2 voxels covers its voxels, by hand', () => {
    const visible = Uint8Array.of(1, 0, 0, 1); // grid 1 x 2 x 2
    expect([...voxelsOf(visible, [1, 2, 2], [1, 2, 2])]).toEqual([
      ...[1, 1, 0, 0],
      ...[1, 1, 0, 0],
      ...[0, 0, 1, 1],
      ...[0, 0, 1, 1],
    ]);
  });

  it('the voxels of a token come in raster order, by hand', () => {
    const crop = Float32Array.from({ length: 2 * 2 * 4 }, (_, i) => i);
    // tokens of 1 x 2 x 2 in a crop of 2 x 2 x 4: grid 2 x 1 x 2
    const grid: Vec3 = [2, 1, 2];
    expect([...tokenVoxels(crop, grid, [1, 2, 2], 0)]).toEqual([0, 1, 4, 5]);
    expect([...tokenVoxels(crop, grid, [1, 2, 2], 1)]).toEqual([2, 3, 6, 7]);
    expect([...tokenVoxels(crop, grid, [1, 2, 2], 3)]).toEqual([10, 11, 14, 15]);
  });

  it('agree with each other: what voxelsOf hides is what tokenVoxels reads', () => {
    fc.assert(
      fc.property(grids, grids, fc.nat(), (grid, token, seed) => {
        const visible = hideRandom(grid, 0.5, new Random(seed));
        const mask = voxelsOf(visible, grid, token);
        expect(mask).toHaveLength(count(grid) * count(token));
        visible.forEach((expected, index) => {
          const voxels = tokenVoxels(mask, grid, token, index);
          expect(voxels).toHaveLength(count(token));
          expect(voxels.every((value) => value === expected)).toBe(true);
        });
      }),
    );
  });
});

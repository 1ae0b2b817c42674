import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform, volumeOf } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { Random } from '../random.ts';
import { meanOfVisible, nearestVisible } from './baselines.ts';
import { hideRandom, tokenIndices } from './hiding.ts';

describe('the mean of the visible tokens', () => {
  it('is that of their voxels, by hand', () => {
    const crop = Float32Array.of(1, 2, 10, 20, 3, 4, 30, 40); // two tokens of 1 x 2 x 2 beside each other
    const order = tokenIndices([1, 1, 2], [1, 2, 2], () => true);
    expect(meanOfVisible(crop, Uint8Array.of(1, 0), order)).toBe(2.5);
    expect(meanOfVisible(crop, Uint8Array.of(0, 1), order)).toBe(25);
    expect(meanOfVisible(crop, Uint8Array.of(1, 1), order)).toBe(13.75);
  });

  it('never depends on a hidden voxel', () => {
    const [grid, token]: [Vec3, Vec3] = [
      [2, 2, 3],
      [2, 1, 2],
    ];
    const order = tokenIndices(grid, token, () => true);
    const crop = uniform([48], 1);
    const visible = hideRandom(grid, 0.5, new Random(1));
    const changed = Float32Array.from(crop);
    for (const v of tokenIndices(grid, token, (t) => visible[t] === 0)) changed[v] = 1e6;
    expect(meanOfVisible(changed, visible, order)).toBe(meanOfVisible(crop, visible, order));
  });
});

describe('the nearest visible token', () => {
  it('is itself where it is visible, and the first of several, by hand', () => {
    // 2 x 2 x 2 tokens of which 0 and 7 are visible: 1, 2, 4 are one side from 0; 3, 5, 6 are one side from 7
    expect([...nearestVisible(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 1), [2, 2, 2], [4, 4, 4])]).toEqual([
      0, 0, 0, 7, 0, 7, 7, 7,
    ]);
    // 0 and 2 are equally near to 1
    expect([...nearestVisible(Uint8Array.of(1, 0, 1), [1, 1, 3], [4, 4, 4])]).toEqual([0, 0, 2]);
  });

  it('is near in voxels: a token that is thin along z is near along z', () => {
    // token 3 of a 2 x 1 x 2 grid: 1 lies above it, 2 lies beside it
    const visible = Uint8Array.of(0, 1, 1, 0);
    expect(nearestVisible(visible, [2, 1, 2], [2, 4, 4])[3]).toBe(1);
    expect(nearestVisible(visible, [2, 1, 2], [4, 4, 2])[3]).toBe(2);
  });

  it('is nearer than every other visible token, or as near and earlier', () => {
    const axis = fc.integer({ min: 1, max: 4 });
    const triples = fc.tuple(axis, axis, axis);
    fc.assert(
      fc.property(triples, triples, fc.nat(), (grid, token, seed) => {
        fc.pre(volumeOf(grid) > 1);
        const visible = hideRandom(grid, 0.6, new Random(seed));
        const place = (t: number) =>
          [Math.floor(t / (grid[1] * grid[2])), Math.floor(t / grid[2]) % grid[1], t % grid[2]].map(
            (at, i) => at * token[i]!,
          );
        const distance = (a: number, b: number) =>
          place(a).reduce((sum, at, i) => sum + (at - place(b)[i]!) ** 2, 0);
        nearestVisible(visible, grid, token).forEach((nearest, t) => {
          expect(visible[nearest]).toBe(1);
          visible.forEach((seen, other) => {
            if (seen === 0) return;
            const [near, far] = [distance(t, nearest), distance(t, other)];
            expect(near < far || (near === far && nearest <= other)).toBe(true);
          });
        });
      }),
    );
  });
});

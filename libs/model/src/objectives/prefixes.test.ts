import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uniform, volumeOf } from '../network/small.fixture.ts';
import type { Vec3 } from '../ops/ops.ts';
import { Random } from '../random.ts';
import { tokenIndices } from './hiding.ts';
import { averageOverPrefixes, spreadPrefixes, type PrefixPrediction } from './prefixes.ts';

const axis = fc.integer({ min: 1, max: 4 });
const grids = fc.tuple(axis, axis, axis).filter((grid) => volumeOf(grid) > 1);

describe('the mean over prefixes', () => {
  it('of a token is that of the prefixes that end before it, by hand', () => {
    // Four tokens of one voxel.  token:     0     1     2     3
    const predictions = [
      { kept: 1, voxels: Float32Array.of(90, 1.0, 2.0, 3.0) },
      { kept: 3, voxels: Float32Array.of(91, 92, 93, 5.0) },
      { kept: 2, voxels: Float32Array.of(94, 95, 4.0, 7.0) },
    ];
    const { voxels, counts } = averageOverPrefixes(predictions, [1, 2, 2], [1, 1, 1]);
    // token 0: seen by all; 1: 1 / 1; 2: (2 + 4) / 2; 3: (3 + 5 + 7) / 3
    expect([...voxels]).toEqual([0, 1, 3, 5]);
    expect([...counts]).toEqual([0, 1, 2, 3]);
  });

  it('keeps voxels where they lie: tokens of 1 x 2 x 2 voxels, by hand', () => {
    const told = (kept: number, ...voxels: number[]) => ({ kept, voxels: Float32Array.from(voxels) });
    const { voxels } = averageOverPrefixes(
      [told(1, 9, 9, 1, 2, 9, 9, 3, 4), told(1, 9, 9, 3, 4, 9, 9, 5, 6)],
      [1, 1, 2],
      [1, 2, 2],
    );
    expect([...voxels]).toEqual([0, 0, 2, 3, 0, 0, 4, 5]);
  });

  it('does not know what is said of tokens that were seen, nor the order of prefixes', () => {
    fc.assert(
      fc.property(grids, grids, fc.integer({ min: 1, max: 6 }), fc.nat(), (grid, token, prefixes, seed) => {
        const random = new Random(seed);
        const size = volumeOf(grid) * volumeOf(token);
        const predictions = spreadPrefixes(grid, prefixes, random).map((kept, i): PrefixPrediction => {
          return { kept, voxels: uniform([size], seed + i) };
        });
        const lying = predictions.map(({ kept, voxels }) => {
          const changed = Float32Array.from(voxels);
          for (const v of tokenIndices(grid, token, (t) => t < kept)) changed[v] = 1e6 * random.next();
          return { kept, voxels: changed };
        });
        const mean = averageOverPrefixes(predictions, grid, token);
        expect(averageOverPrefixes(lying, grid, token)).toEqual(mean);
        const backwards = averageOverPrefixes(predictions.toReversed(), grid, token);
        expect(backwards.counts).toEqual(mean.counts);
        backwards.voxels.forEach((value, v) => expect(value).toBeCloseTo(mean.voxels[v]!, 5));
      }),
    );
  });

  it('of n predictions with independent errors has an n-th of one’s squared error', () => {
    const grid: Vec3 = [1, 4, 8];
    const token: Vec3 = [8, 8, 8];
    const truth = uniform([8, 32, 64], 1, 0, 1);
    const random = new Random(2);
    const kept = [1, 2, 3, 4, 5, 6, 7, 8];
    const noisy = kept.map((n) => ({ kept: n, voxels: truth.map((v) => v + 0.1 * random.normal()) }));
    const { voxels, counts } = averageOverPrefixes(noisy, grid, token);
    for (const n of kept) {
      const asked = tokenIndices(grid, token, (t) => (n < 8 ? t === n : t >= 8));
      let squares = 0;
      for (const v of asked) squares += (voxels[v]! - truth[v]!) ** 2;
      expect(counts[n]).toBe(n);
      // 0.1 ** 2 / n, and five standard deviations of a mean of so many squares
      const expected = 0.01 / n;
      expect(Math.abs(squares / asked.length - expected)).toBeLessThan(
        5 * expected * Math.sqrt(2 / asked.length),
      );
    }
  });

  it('takes predictions one by one: no two of them need to be there at once', () => {
    const buffer = new Float32Array(4);
    function* onePlace() {
      for (const kept of [1, 2, 3]) yield { kept, voxels: buffer.fill(kept) };
    }
    const { voxels } = averageOverPrefixes(onePlace(), [1, 1, 4], [1, 1, 1]);
    expect([...voxels]).toEqual([0, 1, 1.5, 2]);
  });

  it.each([
    [0, 8, 'A prefix has 0 tokens of a crop’s 8; it must have at least 1 and leave at least 1 to predict.'],
    [8, 8, 'A prefix has 8 tokens of a crop’s 8; it must have at least 1 and leave at least 1 to predict.'],
    [
      1.5,
      8,
      'A prefix has 1.5 tokens of a crop’s 8; it must have at least 1 and leave at least 1 to predict.',
    ],
    [1, 7, 'A prediction has 7 voxels; give one of the whole crop, which has 8.'],
  ])('refuses a prefix of %f tokens with %i voxels', (kept, size, message) => {
    const prediction = { kept, voxels: new Float32Array(size) };
    expect(() => averageOverPrefixes([prediction], [2, 2, 2], [1, 1, 1])).toThrow(
      expect.objectContaining({ code: 'model/shape', message: message.replace('’', "'") }),
    );
  });
});

describe('prefixes', () => {
  it('are spread over the crop: one from every equal part, ascending, none twice', () => {
    fc.assert(
      fc.property(grids, fc.integer({ min: 1, max: 80 }), fc.nat(), (grid, count, seed) => {
        const prefixes = spreadPrefixes(grid, count, new Random(seed));
        const lengths = volumeOf(grid) - 1;
        expect(prefixes).toHaveLength(Math.min(count, lengths));
        prefixes.forEach((kept, i) => {
          const part = [i, i + 1].map((k) => 1 + Math.floor((k * lengths) / prefixes.length));
          expect(kept).toBeGreaterThanOrEqual(part[0]!);
          expect(kept).toBeLessThan(part[1]!);
        });
      }),
    );
  });

  it('are all there are where more are asked for', () => {
    expect(spreadPrefixes([2, 2, 2], 100, new Random(1))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});

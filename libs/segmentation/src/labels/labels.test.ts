import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vec3 } from '../shape.ts';
import { connectedComponents, relabelConsecutive } from './index.ts';

const volumes = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain((shape) => {
    const n = shape[0] * shape[1] * shape[2];
    return fc.record({
      shape: fc.constant<Vec3>(shape),
      labels: fc.uint32Array({ minLength: n, maxLength: n, max: 2 }),
    });
  });

/** The definition, voxel by voxel: flood from each unseen voxel in raster order. */
function flood(labels: Uint32Array, [d, h, w]: Vec3): Uint32Array {
  const out = new Uint32Array(labels.length);
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (labels[start] === 0 || out[start] !== 0) continue;
    count += 1;
    const stack = [start];
    out[start] = count;
    while (stack.length > 0) {
      const v = stack.pop()!;
      const [z, y, x] = [Math.floor(v / (h * w)), Math.floor(v / w) % h, v % w];
      const steps: [boolean, number][] = [
        [z > 0, -h * w],
        [z < d - 1, h * w],
        [y > 0, -w],
        [y < h - 1, w],
        [x > 0, -1],
        [x < w - 1, 1],
      ];
      for (const [inside, step] of steps)
        if (inside && out[v + step] === 0 && labels[v + step] === labels[start]) {
          out[v + step] = count;
          stack.push(v + step);
        }
    }
  }
  return out;
}

describe('connected components', () => {
  it('are what flooding from each voxel gives, numbered by first voxel', () => {
    fc.assert(
      fc.property(volumes, ({ labels, shape }) => {
        expect(connectedComponents(labels, shape)).toEqual(flood(labels, shape));
      }),
      { numRuns: 500 },
    );
  });
  it('take 64-bit ids', () => {
    fc.assert(
      fc.property(volumes, ({ labels, shape }) => {
        const wide = BigUint64Array.from(labels, (id) => BigInt(id) << 40n);
        expect(connectedComponents(wide, shape)).toEqual(connectedComponents(labels, shape));
      }),
    );
  });
  it('change nothing when applied to their own result', () => {
    fc.assert(
      fc.property(volumes, ({ labels, shape }) => {
        const once = connectedComponents(labels, shape);
        expect(connectedComponents(once, shape)).toEqual(once);
      }),
    );
  });
  it('refuse an array that does not fill the shape', () => {
    expect(() => connectedComponents(new Uint32Array(7), [2, 2, 2])).toThrow(/7 values, but 8/);
    expect(() => connectedComponents(new Uint32Array(0), [0, 2, 2])).toThrow(/three positive whole numbers/);
  });
});

describe('relabelling', () => {
  it('numbers by first occurrence and keeps 0', () => {
    expect(relabelConsecutive(Uint32Array.of(9, 0, 4, 9))).toEqual({
      labels: Uint32Array.of(1, 0, 2, 1),
      count: 2,
    });
    expect(relabelConsecutive(BigInt64Array.of(-1n, 0n, 5n)).labels).toEqual(Uint32Array.of(1, 0, 2));
  });
});

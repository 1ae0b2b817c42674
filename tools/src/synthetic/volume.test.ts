import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vec3 } from '@tokenunify/em-io';
import { isToolsError } from '../errors.ts';
import { components } from './connect.ts';
import { syntheticVolume, type SyntheticVolume } from './volume.ts';

const SMALL: Vec3 = [20, 48, 56];

/** Mean grey of voxels with a border beside them, and of those at least four voxels from any (along axes). */
function greyAtBordersAndInside({ raw, labels, shape }: SyntheticVolume): { border: number; inside: number } {
  const [depth, height, width] = shape;
  const sums = { border: 0, inside: 0 };
  const counts = { border: 0, inside: 0 };
  for (let z = 0, v = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, v++) {
        const nearest = distanceToBorder(labels, [v, z, y, x], shape);
        if (nearest > 1 && nearest < 4) continue;
        const kind = nearest === 1 ? 'border' : 'inside';
        sums[kind] += raw[v];
        counts[kind]++;
      }
    }
  }
  return { border: sums.border / counts.border, inside: sums.inside / counts.inside };
}

/** Steps along x or y (sections may be thick) to another label; 4 if there is none within 3. */
function distanceToBorder(labels: Uint32Array, [v, , y, x]: number[], [, height, width]: Vec3): number {
  for (let k = 1; k < 4; k++) {
    if (x >= k && labels[v - k] !== labels[v]) return k;
    if (x + k < width && labels[v + k] !== labels[v]) return k;
    if (y >= k && labels[v - k * width] !== labels[v]) return k;
    if (y + k < height && labels[v + k * width] !== labels[v]) return k;
  }
  return 4;
}

describe('syntheticVolume', () => {
  it('gives the same bytes for the same seed, and another volume for another seed', () => {
    const first = syntheticVolume({ shape: SMALL, seed: 7 });
    const again = syntheticVolume({ shape: SMALL, seed: 7 });
    const other = syntheticVolume({ shape: SMALL, seed: 8 });
    expect(again.raw).toEqual(first.raw);
    expect(again.labels).toEqual(first.labels);
    const differing = other.raw.reduce((count, grey, v) => count + (grey === first.raw[v] ? 0 : 1), 0);
    expect(differing / first.raw.length).toBeGreaterThan(0.9);
    expect(other.labels).not.toEqual(first.labels);
  });

  it('labels every voxel with ids 1..neurons, each of them one 6-connected piece, for any shape and voxel size', () => {
    const side = fc.integer({ min: 1, max: 28 });
    fc.assert(
      fc.property(
        fc.tuple(side, side, side),
        fc.integer({ min: 0, max: 1e9 }),
        fc.constantFrom<Vec3>([10, 10, 10], [40, 8, 8], [30, 12, 6]),
        fc.constantFrom(150, 300),
        (shape, seed, voxelSize, neuronDiameter) => {
          const { labels, neurons } = syntheticVolume({ shape, seed, voxelSize, neuronDiameter });
          const ids = new Set(labels);
          expect(ids.has(0)).toBe(false);
          expect([...ids].sort((a, b) => a - b)).toEqual(Array.from({ length: neurons }, (_, i) => i + 1));
          expect(components(labels, shape).count).toBe(neurons);
        },
      ),
      { numRuns: 20, seed: 5 },
    );
  });

  it.each<{ voxelSize: Vec3; shape: Vec3; margin: number }>([
    { voxelSize: [10, 10, 10], shape: [40, 80, 80], margin: 40 },
    { voxelSize: [8, 8, 8], shape: [40, 80, 80], margin: 40 },
    { voxelSize: [40, 8, 8], shape: [10, 80, 80], margin: 25 },
  ])(
    'draws membranes at least $margin grey levels darker than cells at $voxelSize nm',
    ({ voxelSize, shape, margin }) => {
      for (const seed of [1, 2, 3]) {
        const { border, inside } = greyAtBordersAndInside(syntheticVolume({ shape, seed, voxelSize }));
        expect(inside - border).toBeGreaterThan(margin);
      }
    },
  );

  it('keeps a membrane about as thick as asked: a thicker one darkens more of the volume', () => {
    const dark = (membraneThickness: number): number => {
      const { raw } = syntheticVolume({ shape: SMALL, seed: 4, membraneThickness, noise: 0 });
      return raw.reduce((count, grey) => count + (grey < 110 ? 1 : 0), 0) / raw.length;
    };
    expect(dark(40)).toBeGreaterThan(1.2 * dark(20));
  });

  it('makes neurons smaller when a smaller diameter is asked for', () => {
    const shape: Vec3 = [32, 64, 64];
    const thick = syntheticVolume({ shape, seed: 3, neuronDiameter: 500 });
    const thin = syntheticVolume({ shape, seed: 3, neuronDiameter: 150 });
    expect(thin.neurons).toBeGreaterThan(2 * thick.neurons);
  });

  it('smears and jitters sections that are thick: neighbouring sections differ more than neighbouring planes of thin ones', () => {
    const change = (voxelSize: Vec3): number => {
      const { raw } = syntheticVolume({ shape: [8, 64, 64], seed: 9, voxelSize });
      let sum = 0;
      for (let v = 4096; v < raw.length; v++) sum += Math.abs(raw[v] - raw[v - 4096]);
      return sum / (raw.length - 4096);
    };
    expect(change([40, 8, 8])).toBeGreaterThan(1.3 * change([8, 8, 8]));
  });

  it('makes a million voxels in a few seconds', () => {
    const start = performance.now();
    syntheticVolume({ shape: [64, 128, 128], seed: 1 });
    // about 1 s alone on a core; the bound leaves room for a busy machine
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it.each([
    [{ shape: [0, 8, 8], seed: 1 }, /shape .* 0,8,8.*1\.\.4096/],
    [{ shape: [8, 8, 8], seed: -1 }, /seed .* -1/],
    [{ shape: [8, 8, 8], seed: 1, voxelSize: [0, 10, 10] }, /voxelSize/],
    [{ shape: [8, 8, 8], seed: 1, neuronDiameter: Number.NaN }, /neuronDiameter .* NaN/],
  ] satisfies [Parameters<typeof syntheticVolume>[0], RegExp][])(
    'refuses %o in a sentence that names the option',
    (options, sentence) => {
      let refusal: unknown;
      try {
        syntheticVolume(options);
      } catch (error) {
        refusal = error;
      }
      expect(isToolsError(refusal, 'tools/bad-option')).toBe(true);
      expect(String(refusal)).toMatch(sentence);
    },
  );
});

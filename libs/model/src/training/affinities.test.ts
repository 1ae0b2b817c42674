import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affinityTargets } from './affinities.ts';

/** Links along x of one row of voxels: [targets, mask] as digits. */
function row(labels: number[], erode = false): [string, string] {
  const { targets, mask } = affinityTargets(Uint32Array.from(labels), [1, 1, labels.length], erode);
  const along = (links: Float32Array) => labels.map((_, v) => links[v * 3 + 2]).join('');
  return [along(targets), along(mask)];
}

describe('affinities', () => {
  it('are 1 between voxels of one label, 0 across labels; the first voxel has no link', () => {
    expect(row([5, 5, 5, 9, 9])).toEqual(['01101', '01111']);
  });

  it('are not counted where either voxel is unlabelled', () => {
    expect(row([5, 5, 0, 5, 0, 0, 7, 7])).toEqual(['01000001', '01000001']);
  });

  it('go to the voxel before along each axis, channels z, y, x, by hand', () => {
    // z 0: 1 1    z 1: 1 2
    //      2 2         2 2
    const { targets, mask } = affinityTargets(Uint32Array.of(1, 1, 2, 2, 1, 2, 2, 2), [2, 2, 2], false);
    const links = (of: Float32Array) =>
      Array.from({ length: 8 }, (_, v) => [...of.subarray(v * 3, v * 3 + 3)].join(''));
    expect(links(mask)).toEqual(['000', '001', '010', '011', '100', '101', '110', '111']);
    expect(links(targets)).toEqual(['000', '001', '000', '001', '100', '000', '100', '111']);
  });

  it('when eroded, are 0 within a voxel of a boundary, which stays counted', () => {
    expect(row([5, 5, 5, 5, 9, 9, 9], true)).toEqual(['0110001', '0111111']);
  });

  it('when eroded, shrink a neuron along all axes', () => {
    const labels = new Uint32Array(27).fill(1);
    labels[13] = 2; // the voxel in the middle: it and its six neighbours are no longer inside
    const { targets } = affinityTargets(labels, [3, 3, 3], true);
    const inside = (v: number) => ![13, 4, 10, 12, 14, 16, 22].includes(v);
    const strides = [9, 3, 1];
    for (let v = 0; v < 27; v++)
      for (let d = 0; d < 3; d++) {
        const has = Math.floor(v / strides[d]!) % 3 > 0;
        expect(targets[v * 3 + d]).toBe(has && inside(v) && inside(v - strides[d]!) ? 1 : 0);
      }
  });

  it('when eroded, keep their distance from labels, not from unlabelled voxels', () => {
    expect(row([5, 5, 0, 5, 5], true)).toEqual(['01001', '01001']);
  });

  it('never count what erosion adds, and erosion only takes links away', () => {
    const labels = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(labels, (values) => {
        const volume = Uint32Array.from(values);
        const [whole, eroded] = [false, true].map((erode) => affinityTargets(volume, [3, 4, 5], erode));
        expect(eroded!.mask).toEqual(whole!.mask);
        eroded!.targets.forEach((value, i) => expect(value).toBeLessThanOrEqual(whole!.targets[i]!));
        whole!.targets.forEach((value, i) => expect(value).toBeLessThanOrEqual(whole!.mask[i]!));
      }),
      { numRuns: 30 },
    );
  });

  it('tell ids above 2^24 apart, which float32 does not', () => {
    expect(row([2 ** 24, 2 ** 24 + 1, 2 ** 32 - 1, 2 ** 32 - 1])).toEqual(['0001', '0111']);
  });
});

import { createHash } from 'node:crypto';
import { Random } from '@tokenunify/model';
import type { Vec3 } from '@tokenunify/em-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CropSampler, type Block } from './crops.ts';
import { mildIntensity } from './intensity.ts';

const alone = { contrast: 0, brightness: 0, gamma: 0, noise: 0 };

/** A block in which a label says where its voxel lies, and a grey value is that of its label. */
function numbered(shape: Vec3, source = 'block', first = 0): Block {
  const labels = Uint32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, v) => first + v);
  return { source, shape, raw: Uint8Array.from(labels, (id) => id % 256), labels };
}
const bytes = (crop: Float32Array): number[] => Array.from(crop, (v) => Math.round(v * 255));

describe('crops', () => {
  it.each([
    [true, 48],
    [false, 16],
  ])(
    'lie in every one of the symmetries (isotropic %s: %i of them), equally often',
    (isotropic, symmetries) => {
      const sampler = new CropSampler([numbered([2, 2, 2])], { isotropic, intensity: alone });
      const random = new Random(3);
      const seen = new Map<string, number>();
      const draws = 150 * symmetries;
      for (let i = 0; i < draws; i++) {
        const key = bytes(sampler.raw([2, 2, 2], random)).join();
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      expect(seen.size).toBe(symmetries);
      for (const count of seen.values()) expect(Math.abs(count - 150)).toBeLessThan(5 * Math.sqrt(150));
      // z stays z, forwards or backwards, unless axes may turn
      if (!isotropic) for (const key of seen.keys()) expect(key).toMatch(/^([0-3],){4}|^([4-7],){4}/);
    },
  );

  it('keep raw and labels together, and neighbours neighbours, in any box and any way up', () => {
    const side = fc.integer({ min: 1, max: 7 });
    const sides = fc.tuple(side, side, side);
    fc.assert(
      fc.property(sides, sides, fc.boolean(), fc.integer(), (shape, wanted, isotropic, seed) => {
        const least = isotropic ? Math.min(...shape) : Math.min(shape[1], shape[2]);
        const size = wanted.map((want, axis) =>
          Math.min(want, isotropic || axis > 0 ? least : shape[0]),
        ) as unknown as Vec3; // three in, three out
        const sampler = new CropSampler([numbered(shape)], { isotropic, intensity: alone });
        const { raw, labels } = sampler.labelled(size, new Random(seed));
        expect(bytes(raw)).toEqual(Array.from(labels, (id) => id % 256));
        expect(new Set(labels).size).toBe(size[0] * size[1] * size[2]);
        const at = (id: number) => [
          Math.floor(id / (shape[1] * shape[2])),
          Math.floor(id / shape[2]) % shape[1],
          id % shape[2],
        ];
        const [, h, w] = size;
        labels.forEach((id, v) => {
          for (const [stride, inside] of [
            [1, (v + 1) % w > 0],
            [w, Math.floor(v / w) % h < h - 1],
            [w * h, v + w * h < labels.length],
          ] as const)
            if (inside) {
              const steps = at(labels[v + stride]!).map((p, axis) => Math.abs(p - at(id)[axis]!));
              expect(steps.toSorted()).toEqual([0, 0, 1]);
            }
        });
      }),
      { numRuns: 200 },
    );
  });

  it('start everywhere that they fit, both ends included', () => {
    const sampler = new CropSampler([numbered([1, 1, 5])], { isotropic: false, intensity: alone });
    const random = new Random(1);
    const lowest = new Set<number>();
    // x and y may change places, so the crop is one voxel
    for (let i = 0; i < 200; i++) lowest.add(sampler.labelled([1, 1, 1], random).labels[0]!);
    expect([...lowest].toSorted()).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    [undefined, 192 / 256],
    [3, 192 / (192 + 3 * 64)],
  ])('come from blocks as often as these are large and weigh (%s)', (weight, share) => {
    const small = { ...numbered([4, 4, 4], 'small'), ...(weight !== undefined && { weight }) };
    const blocks = [small, numbered([4, 8, 6], 'large', 1000)];
    const sampler = new CropSampler(blocks, { isotropic: true, intensity: alone });
    const random = new Random(5);
    let fromLarge = 0;
    for (let i = 0; i < 2000; i++) if (sampler.labelled([2, 2, 2], random).labels[0]! >= 1000) fromLarge++;
    expect(fromLarge / 2000).toBeCloseTo(share, 1);
  });

  it('follow from the random numbers alone, today as when a run was started', () => {
    const draw = (seed: number) => {
      const sampler = new CropSampler([numbered([9, 8, 7])], { isotropic: true, intensity: mildIntensity });
      const { raw, labels } = sampler.labelled([4, 5, 6], new Random(seed));
      return createHash('sha256').update(raw).update(labels).digest('hex').slice(0, 16);
    };
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
    // another value here means that resumed runs see other crops than undisturbed ones
    expect(draw(1)).toMatchInlineSnapshot(`"2c8cb666666639a1"`);
  });

  it('are refused where they do not fit, in a sentence with the file, the axis, both sizes and the remedy', () => {
    const sampler = new CropSampler([numbered([32, 16, 32], 'x.h5')], { isotropic: true, intensity: alone });
    const sentence =
      'x.h5 has 16 voxels on axis y of the box, a crop needs 32; choose a larger box or smaller crops.';
    expect(() => sampler.raw([32, 32, 32], new Random(1))).toThrow(sentence);
    expect(() => sampler.checkFits([32, 32, 32])).toThrow(sentence);
  });

  it('are refused at the start when they fit one way up but not every way', () => {
    const block = numbered([8, 32, 32], 'thin.h5');
    expect(() =>
      new CropSampler([block], { isotropic: false, intensity: alone }).checkFits([8, 32, 32]),
    ).not.toThrow();
    expect(() =>
      new CropSampler([block], { isotropic: true, intensity: alone }).checkFits([8, 32, 32]),
    ).toThrow(/thin\.h5 has 8 voxels on axis z/);
  });

  it('need blocks, and labels where labels are asked for', () => {
    const options = { isotropic: true, intensity: alone };
    expect(() => new CropSampler([], options)).toThrow(/nothing to train on; name a volume with --raw/);
    const { labels: _, ...unlabelled } = numbered([4, 4, 4], 'raw.zarr');
    expect(() => new CropSampler([unlabelled], options).labelled([2, 2, 2], new Random(1))).toThrow(
      /raw\.zarr has no labels; name them with --labels/,
    );
  });
});

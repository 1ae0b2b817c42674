import { Random } from '@tokenunify/model';
import type { Vec3 } from '@tokenunify/em-io';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory, write } from '../testing.fixture.ts';
import { CropSampler } from './crops.ts';
import { HELD_OUT_SHARE, holdOut, type HeldOut } from './held-out.ts';
import { intensities } from './intensity.ts';
import { loadBlock, type LoadedBlock } from './load.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (directory = await temporaryDirectory()));
afterAll(() => directory.remove());

/** All voxels 0; a test paints what is held out. */
function block(shape: Vec3, source = 'x.h5'): LoadedBlock {
  const raw = new Uint8Array(shape[0] * shape[1] * shape[2]);
  return { source, location: source, shape, volumeShape: shape, box: { start: [0, 0, 0], stop: shape }, raw };
}

/** The held-out voxels of a block become 255, so that a crop shows whether it touches them. */
function paint({ raw, shape, excluded }: LoadedBlock): void {
  for (let v = 0; v < raw.length; v++) {
    const at = [Math.floor(v / (shape[1] * shape[2])), Math.floor(v / shape[2]) % shape[1], v % shape[2]];
    if (excluded && at.every((p, axis) => p >= excluded.start[axis]! && p < excluded.stop[axis]!))
      raw[v] = 255;
  }
}

const crops: readonly Vec3[] = [
  [8, 8, 8],
  [12, 12, 12],
];
const volume = ([z, y, x]: Vec3): number => z * y * x;

describe('voxels held out', () => {
  it('are in no crop that is trained on, in any of the symmetries', async () => {
    const side = fc.integer({ min: 12, max: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(side, side, side),
        fc.boolean(),
        fc.integer(),
        async (shape, isotropic, seed) => {
          const { blocks, spaces } = await holdOut([block(shape)], {
            heldOut: 0.02,
            crops,
            isotropic,
          });
          blocks.forEach(paint);
          expect(spaces.length > 0).toBe(blocks[0]!.excluded !== undefined);
          const sampler = new CropSampler(blocks, { isotropic, intensity: intensities.none });
          const random = new Random(seed);
          for (const crop of crops) {
            sampler.checkFits(crop);
            for (let i = 0; i < 20; i++)
              expect(sampler.raw(crop, random).every((value) => value === 0)).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are all that is looked at: a share of the volume at its far corner, at least one of the largest crops', async () => {
    const whole = block([60, 60, 60]);
    const {
      blocks: [left],
      spaces,
    } = await holdOut([whole], { heldOut: HELD_OUT_SHARE, crops, isotropic: true });
    expect(left!.excluded).toEqual({ start: [44, 44, 44], stop: [60, 60, 60] });
    expect(spaces).toEqual([
      [12, 12, 12],
      [8, 8, 8],
    ]);
    paint(left!);
    const again = await holdOut([whole], { heldOut: HELD_OUT_SHARE, crops, isotropic: true });
    for (const space of spaces) {
      const looked = again.cropsOf(space);
      expect(looked[0]).toHaveLength(volume(space));
      expect(looked.every((crop) => crop.every((value) => value === 1))).toBe(true);
    }
  });

  it('are several crops where there is room, from every volume in turn, and never many', async () => {
    const volumes = [block([60, 60, 60]), block([100, 100, 100], 'y.h5')];
    volumes[0]!.raw.fill(100);
    const out = await holdOut(volumes, { heldOut: 0.05, crops, isotropic: true });
    const greys = (space: Vec3) => out.cropsOf(space).map((crop) => Math.round(crop[0]! * 255));
    expect(greys([12, 12, 12])).toEqual([100, 0]);
    // of the small ones as many as have the voxels of two large ones
    expect(greys([8, 8, 8])).toEqual([100, 0, 100, 0, 100, 0]);
  });

  it('are crops of an earlier phase where the last are too large, and none where nothing fits', async () => {
    const held = async (shape: Vec3): Promise<HeldOut> =>
      holdOut([block(shape)], { heldOut: 0.02, crops, isotropic: true });
    expect((await held([32, 32, 32])).spaces).toHaveLength(2);
    expect((await held([24, 24, 20])).spaces).toEqual([[8, 8, 8]]);
    expect(await held([14, 14, 14])).toMatchObject({ spaces: [], blocks: [{ shape: [14, 14, 14] }] });
  });

  it('may be nothing', async () => {
    const volumes = [block([60, 60, 60])];
    expect(await holdOut(volumes, { heldOut: 0, crops, isotropic: true })).toMatchObject({
      blocks: volumes,
      spaces: [],
    });
  });
});

describe('a box held out', () => {
  const shape: Vec3 = [24, 40, 24];
  const raw = {
    dtype: 'uint8',
    shape,
    data: Uint8Array.from({ length: volume(shape) }, (_, v) => v % 251),
  } as const;
  let location: string;
  beforeAll(async () => void (location = await write(directory.join('raw.npy'), raw)));

  it('may lie in the part that is trained on, or reach into it, or beside it', async () => {
    const excluded = async (box: string, heldOut: string) => {
      const whole = await loadBlock({ raw: location, box });
      const { blocks, cropsOf } = await holdOut([whole], { heldOut, crops, isotropic: false });
      const looked = cropsOf([12, 12, 12]);
      // first voxel of the box, read from the file
      const [, y0] = heldOut.split(',').map((range) => Number(/^\d*/.exec(range)![0]));
      expect(Math.round(looked[0]![0]! * 255)).toBe((y0! * 24) % 251);
      return blocks[0]!.excluded;
    };
    expect(await excluded(':,:,:', ':,28:,:')).toEqual({ start: [0, 28, 0], stop: [24, 40, 24] });
    expect(await excluded(':,4:30,:', ':,28:,:')).toEqual({ start: [0, 24, 0], stop: [24, 26, 24] });
    expect(await excluded(':,:20,:', ':,28:,:')).toBeUndefined();
  });

  it('is refused where it is smaller than every crop, and where it leaves no room', async () => {
    const whole = await loadBlock({ raw: location });
    const wish = { crops, isotropic: false };
    await expect(holdOut([whole], { ...wish, heldOut: ':,36:,:' })).rejects.toMatchObject({
      code: 'trainer/usage',
      message:
        '--held-out-box :,36:,: is 24 x 4 x 24 voxels, smaller than every crop (8 x 8 x 8, 12 x 12 x 12); hold out a larger box.',
    });
    const { blocks } = await holdOut([whole], { ...wish, heldOut: ':,10:34,:' });
    const sampler = new CropSampler(blocks, { isotropic: false, intensity: intensities.none });
    expect(() => sampler.checkFits([12, 12, 12])).toThrow(
      /raw\.npy has a box of 24 x 40 x 24 voxels, and beside the 24 x 24 x 24 that are held out there is no room for a crop of 12 x 12 x 12; hold out less/,
    );
    expect(() => sampler.checkFits([8, 8, 8])).not.toThrow();
  });
});

describe('the origin of a crop', () => {
  it('names file, box and seed, and the seed draws the crop again', () => {
    const whole = block([20, 20, 20]);
    for (let v = 0; v < whole.raw.length; v++) whole.raw[v] = v % 251;
    const part = { ...whole, box: { start: [100, 0, 50], stop: [120, 20, 70] } } as const;
    const sampler = new CropSampler([part], { isotropic: true, intensity: intensities.strong });
    const random = new Random(3);
    sampler.raw([4, 6, 8], random);
    const crop = sampler.raw([4, 6, 8], random);
    const [, ranges, seed] = /^x\.h5 at (\S+) \(drawn with seed (\d+)\)$/.exec(sampler.origin(crop))!;
    const sides = ranges!.split(',').map((range) => {
      const [from, to] = range.split(':').map(Number);
      return to! - from!;
    });
    expect(sides.toSorted((a, b) => a - b)).toEqual([4, 6, 8]);
    expect(Number(ranges!.split(':')[0])).toBeGreaterThanOrEqual(100);
    expect(sampler.raw([4, 6, 8], new Random(Number(seed)))).toEqual(crop);
    expect(sampler.origin(new Float32Array(3))).toBe('an unknown place');
  });
});

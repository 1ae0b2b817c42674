import { Random } from '@tokenunify/model';
import { describe, expect, it } from 'vitest';
import { mildIntensity, strongIntensity, varyIntensity, type IntensityVariation } from './intensity.ts';

const none: IntensityVariation = { contrast: 0, brightness: 0, gamma: 0, noise: 0 };
const ramp = (): Float32Array => Float32Array.from({ length: 256 }, (_, v) => v / 255);
const varied = (variation: IntensityVariation, seed: number, crop = ramp()): Float32Array => {
  varyIntensity(crop, variation, new Random(seed));
  return crop;
};

describe('intensity variation', () => {
  it('of zero leaves grey values alone', () => {
    const out = varied(none, 1);
    ramp().forEach((v, i) => expect(out[i]).toBeCloseTo(v, 6));
  });

  it('is contrast about the middle, then brightness, after gamma: as computed by hand', () => {
    const random = new Random(11);
    const contrast = 1 + random.uniform(-0.1, 0.1);
    const brightness = random.uniform(-0.05, 0.05);
    const gamma = 2 ** random.uniform(-0.1, 0.1);
    const out = varied(mildIntensity, 11);
    for (const v of [40, 128, 200])
      expect(out[v]).toBeCloseTo(((v / 255) ** gamma - 0.5) * contrast + 0.5 + brightness, 5);
  });

  it.each([
    ['mild', mildIntensity],
    ['strong', strongIntensity],
  ])('stays in [0, 1] and, but for noise, in order: %s', (_, variation) => {
    for (let seed = 0; seed < 50; seed++) {
      for (const v of varied(variation, seed)) expect(v >= 0 && v <= 1).toBe(true);
      const quiet = varied({ ...variation, noise: 0 }, seed);
      for (let v = 1; v < 256; v++) expect(quiet[v]!).toBeGreaterThanOrEqual(quiet[v - 1]!);
    }
  });

  it('adds white noise of at most the deviation asked for', () => {
    const deviation = (seed: number): number => {
      const crop = varied({ ...none, noise: 0.04 }, seed, new Float32Array(20_000).fill(128 / 255));
      const mean = crop.reduce((sum, v) => sum + v, 0) / crop.length;
      expect(Math.abs(mean - 128 / 255)).toBeLessThan(0.003);
      return Math.sqrt(crop.reduce((sum, v) => sum + (v - mean) ** 2, 0) / crop.length);
    };
    const deviations = Array.from({ length: 20 }, (_, seed) => deviation(seed));
    expect(Math.max(...deviations)).toBeLessThan(0.042);
    expect(Math.max(...deviations)).toBeGreaterThan(0.03);
    expect(Math.min(...deviations)).toBeLessThan(0.015);
  });

  it('follows from the random numbers', () => {
    expect(varied(strongIntensity, 4)).toEqual(varied(strongIntensity, 4));
    expect(varied(strongIntensity, 4)).not.toEqual(varied(strongIntensity, 5));
  });
});

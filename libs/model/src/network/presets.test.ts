import { describe, expect, it } from 'vitest';
import type { Vec3 } from '../ops/ops.ts';
import { describeNetwork } from './describe.ts';
import { presetNamed, presets, tokenGrid, totalStride, withTransformer } from './presets.ts';

const sizes = ['nano', 'tiny', 'base', '100m', '200m', '500m', '1b'];
const millions = (name: string) => describeNetwork(presetNamed(name), 'affinities').parameterCount / 1e6;

describe('the presets', () => {
  it('are seven sizes, isotropic and anisotropic, each under its own name', () => {
    expect(Object.keys(presets)).toEqual([...sizes, ...sizes.map((size) => `${size}-anisotropic`)]);
    for (const [name, preset] of Object.entries(presets)) expect(preset.name).toBe(name);
  });

  it.each(['', '-anisotropic'])(
    'have the parameters that their names promise%s, counted without one',
    (kind) => {
      const before = process.memoryUsage().arrayBuffers;
      expect(millions(`nano${kind}`)).toBeLessThan(0.5);
      expect(millions(`tiny${kind}`)).toBeGreaterThan(2);
      expect(millions(`tiny${kind}`)).toBeLessThan(5);
      for (const [name, expected] of [
        ['base', 28.3],
        ['100m', 100],
        ['200m', 200],
        ['500m', 500],
        ['1b', 1000],
      ] as const)
        expect(Math.abs(millions(`${name}${kind}`) / expected - 1), name).toBeLessThanOrEqual(0.05);
      // constants of the scan and of positions, shared by all; a billion weights would be 4,000 MB
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(128e6);
    },
  );

  it("the anisotropic base is the paper's network", () => {
    const base = presetNamed('base-anisotropic');
    expect(base.stages.map(({ width }) => width)).toEqual([32, 64, 128, 256]);
    expect(base.stages.map(({ mambaLayers }) => mambaLayers)).toEqual([3, 3, 3, 3]);
    expect(base.stages[0]).toMatchObject({ kernel: [1, 7, 7], strides: [2, 2, 2] });
    expect(base.stages[3]).toMatchObject({ kernel: [1, 2, 2], strides: [2, 2, 2] });
    expect(base.bottleneck?.width).toBe(512);
    expect(base.mamba).toMatchObject({ state: 16, expand: 2, convolutionWidth: 4 });
    expect(base.spatialKernel).toEqual([3, 3, 3]);
    expect(base.crop).toEqual([16, 160, 160]);
    const grid = tokenGrid(base, base.crop);
    expect(grid[0] * grid[1] * grid[2]).toBe(400);
    expect(totalStride(base)).toEqual([16, 16, 16]);
    const names = describeNetwork(base, 'affinities').parameters.map(({ name }) => name.split('.')[0]);
    expect([...new Set(names)]).toEqual([
      ...['stem', 'stage1', 'stage2', 'stage3', 'stage4', 'bottleneck'],
      ...['skip3', 'decoder3', 'skip2', 'decoder2', 'skip1', 'decoder1', 'decoder0', 'refine', 'affinities'],
    ]);
  });

  it("the paper's stages read the crop, nano's read the stem's map", () => {
    const shapeOf = (name: string) =>
      describeNetwork(presetNamed(name), 'affinities').parameters.find((p) => p.name === 'stage1.down.weight')
        ?.shape;
    expect(shapeOf('base-anisotropic')).toEqual([1, 7, 7, 1, 32]);
    expect(shapeOf('nano')).toEqual([2, 2, 2, 8, 16]);
  });
});

describe("the paper's other column", () => {
  /** The parameters are those of any crop; tables of positions are not. */
  const few: Vec3 = [16, 16, 16];
  it.each(sizes)('%s with Transformer layers differs from it in these layers only', (name) => {
    const outside = (preset: string) =>
      describeNetwork(presetNamed(preset), 'pretraining', few).parameters.filter(
        (parameter) => !/\.(mamba|transformer)\d+\./.test(parameter.name),
      );
    expect(outside(`${name}-transformer`)).toEqual(outside(name));
    const layers = (preset: string, kind: string) =>
      new Set(
        describeNetwork(presetNamed(preset), 'affinities', few)
          .parameters.map((parameter) => new RegExp(`^.*\\.${kind}\\d+`).exec(parameter.name)?.[0])
          .filter((found) => found !== undefined),
      ).size;
    const count = presetNamed(name).stages.reduce((sum, { mambaLayers }) => sum + mambaLayers, 0);
    expect(layers(name, 'mamba')).toBe(count);
    expect(layers(`${name}-transformer`, 'transformer')).toBe(count);
    expect(layers(`${name}-transformer`, 'mamba')).toBe(0);
  });

  it('a preset that has them already stays as it is, and an unknown one is still unknown', () => {
    const once = presetNamed('tiny-anisotropic-transformer');
    expect(withTransformer(once)).toBe(once);
    expect(() => presetNamed('giga-transformer')).toThrow("no preset 'giga-transformer'");
    expect(() => presetNamed('-transformer')).toThrow("no preset '-transformer'");
  });
});

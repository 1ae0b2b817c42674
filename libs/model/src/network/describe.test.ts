import { describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import { mapOf } from '../ops/shape-ops.ts';
import { initialWeights } from '../training/weights.ts';
import { convolution } from './convolution.ts';
import { describeNetwork, recordParameters, type Purpose } from './describe.ts';
import { checkCrop, presetNamed, presets, tokenGrid, totalStride, type Preset } from './presets.ts';
import { small } from './small.fixture.ts';

const purposes: readonly Purpose[] = ['pretraining', 'affinities'];
const nano = presetNamed('nano');

const messageOf = (run: () => unknown, ...codes: Parameters<typeof isModelError>[1][]): string => {
  try {
    run();
  } catch (error) {
    if (isModelError(error, ...codes)) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('the parameters of a network', () => {
  it.each(purposes)('nano has at most half a million for %s', (purpose) => {
    expect(describeNetwork(nano, purpose).parameterCount).toBeLessThanOrEqual(500_000);
  });

  it.each(purposes)('are as many as the initial weights have values: %s', (purpose) => {
    for (const preset of [nano, small]) {
      const { parameters, parameterCount } = describeNetwork(preset, purpose);
      const weights = initialWeights(parameters, 1);
      expect([...weights.keys()]).toEqual(parameters.map(({ name }) => name));
      let values = 0;
      for (const { data } of weights.values()) values += data.length;
      expect(parameterCount).toBe(values);
    }
  });

  it('are the same for every crop, so that a crop can grow', () => {
    for (const purpose of purposes)
      expect(describeNetwork(nano, purpose, [32, 48, 16]).parameters).toEqual(
        describeNetwork(nano, purpose).parameters,
      );
  });

  it('are those that checkpoints hold: a change here makes every published model unreadable', () => {
    const counts = purposes.map((purpose) => describeNetwork(nano, purpose).parameterCount);
    expect(counts).toMatchInlineSnapshot(`
      [
        477991,
        415657,
      ]
    `);
    const { parameters } = describeNetwork(small, 'pretraining');
    expect(parameters.map(({ name, shape }) => `${name} ${shape.join('x')}`)).toMatchInlineSnapshot(`
      [
        "stem.weight 3x3x3x1x4",
        "stem.norm.gain 4",
        "stem.norm.offset 4",
        "stage1.down.weight 2x2x2x4x8",
        "stage1.down.bias 8",
        "stage1.spatial.spatial1.weight 3x3x3x8x8",
        "stage1.spatial.spatial1.norm.gain 8",
        "stage1.spatial.spatial1.norm.offset 8",
        "stage1.spatial.spatial2.weight 3x3x3x8x8",
        "stage1.spatial.spatial2.norm.gain 8",
        "stage1.spatial.spatial2.norm.offset 8",
        "stage1.spatial.gate.weight 1x1x1x8x8",
        "stage1.spatial.gate.norm.gain 8",
        "stage1.spatial.gate.norm.offset 8",
        "stage1.spatial.mix.weight 1x1x1x8x8",
        "stage1.spatial.mix.norm.gain 8",
        "stage1.spatial.mix.norm.offset 8",
        "stage2.down.weight 2x2x2x8x8",
        "stage2.down.bias 8",
        "stage2.spatial.spatial1.weight 3x3x3x8x8",
        "stage2.spatial.spatial1.norm.gain 8",
        "stage2.spatial.spatial1.norm.offset 8",
        "stage2.spatial.spatial2.weight 3x3x3x8x8",
        "stage2.spatial.spatial2.norm.gain 8",
        "stage2.spatial.spatial2.norm.offset 8",
        "stage2.spatial.gate.weight 1x1x1x8x8",
        "stage2.spatial.gate.norm.gain 8",
        "stage2.spatial.gate.norm.offset 8",
        "stage2.spatial.mix.weight 1x1x1x8x8",
        "stage2.spatial.mix.norm.gain 8",
        "stage2.spatial.mix.norm.offset 8",
        "stage2.mamba1.norm.gain 8",
        "stage2.mamba1.gate.weight 8x16",
        "stage2.mamba1.input.weight 8x26",
        "stage2.mamba1.convolution.bias 1x3x1x24",
        "stage2.mamba1.convolution.weight0 1x3x1x24",
        "stage2.mamba1.convolution.weight1 1x3x1x24",
        "stage2.mamba1.convolution.weight2 1x3x1x24",
        "stage2.mamba1.step.bias 1x3x1x2",
        "stage2.mamba1.decay.log 1x3x1x2",
        "stage2.mamba1.skip 1x3x1x16",
        "stage2.mamba1.merge 1x3x1x16",
        "stage2.mamba1.output.norm.gain 16",
        "stage2.mamba1.output.weight 16x8",
        "decoder1.narrow.weight 1x1x1x8x8",
        "decoder1.narrow.bias 8",
        "decoder1.conv1.weight 3x3x3x16x8",
        "decoder1.conv1.norm.gain 8",
        "decoder1.conv1.norm.offset 8",
        "decoder1.conv2.weight 3x3x3x8x8",
        "decoder1.conv2.norm.gain 8",
        "decoder1.conv2.norm.offset 8",
        "decoder0.narrow.weight 1x1x1x8x4",
        "decoder0.narrow.bias 4",
        "decoder0.conv1.weight 3x3x3x8x4",
        "decoder0.conv1.norm.gain 4",
        "decoder0.conv1.norm.offset 4",
        "decoder0.conv2.weight 3x3x3x4x4",
        "decoder0.conv2.norm.gain 4",
        "decoder0.conv2.norm.offset 4",
        "voxels.weight 1x1x1x4x1",
        "voxels.bias 1",
        "resampler.latents 1x4x8",
        "resampler.layer0.latent.norm.gain 8",
        "resampler.layer0.feature.norm.gain 8",
        "resampler.layer0.attention.query.weight 8x8",
        "resampler.layer0.attention.key.weight 8x8",
        "resampler.layer0.attention.value.weight 8x8",
        "resampler.layer0.attention.output.weight 8x8",
        "resampler.layer0.feed.norm.gain 8",
        "resampler.layer0.feed.up.weight 8x16",
        "resampler.layer0.feed.up.bias 16",
        "resampler.layer0.feed.down.weight 16x8",
        "resampler.layer0.feed.down.bias 8",
        "next.query.weight 8x8",
        "next.query.bias 8",
        "next.norm.gain 8",
        "next.attention.query.weight 8x8",
        "next.attention.key.weight 8x8",
        "next.attention.value.weight 8x8",
        "next.attention.output.weight 8x8",
        "next.feed.norm.gain 8",
        "next.feed.up.weight 8x16",
        "next.feed.up.bias 16",
        "next.feed.down.weight 16x8",
        "next.feed.down.bias 8",
        "next.voxels.weight 8x64",
        "next.voxels.bias 64",
      ]
    `);
  });

  it('are shared by both purposes but for the heads', () => {
    const [pretraining, affinities] = purposes.map((purpose) =>
      describeNetwork(nano, purpose).parameters.map(({ name, shape }) => `${name} ${shape.join('x')}`),
    );
    const own = affinities!.filter((name) => !pretraining!.includes(name));
    expect(own).toEqual(['affinities.weight 1x1x1x8x3', 'affinities.bias 3']);
  });

  it('of a network of billions are counted without a weight', () => {
    const wide: Preset = {
      ...small,
      stem: { ...small.stem, width: 2048 },
      stages: small.stages.map((stage) => ({ ...stage, width: 4096 })),
    };
    const before = process.memoryUsage().arrayBuffers;
    const { parameterCount } = describeNetwork(wide, 'affinities');
    expect(parameterCount).toBeGreaterThan(2e9);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64e6);
  });

  it('refuse a name that is asked for twice', () => {
    const twice = () =>
      recordParameters((ops, p) => {
        const options = { width: 4, kernel: [3, 3, 3] } as const;
        convolution(ops, p, convolution(ops, p, mapOf(1, 4, [4, 4, 4]), options), options);
      });
    expect(messageOf(twice, 'model/parameters')).toBe(
      "Parameter 'weight' is asked for twice; give each layer its own scope.",
    );
  });
});

describe('multiply-adds', () => {
  it('are those of its products: a convolution by hand', () => {
    const { multiplyAdds, parameterCount } = recordParameters((ops, p) =>
      convolution(ops, p, mapOf(1, 3, [4, 5, 7]), { width: 6, kernel: [1, 3, 5], strides: [1, 1, 2] }),
    );
    expect(multiplyAdds).toBe(4 * 5 * 4 * (1 * 3 * 5 * 3 * 6)); // ceil(7 / 2) = 4 along x
    expect(parameterCount).toBe(1 * 3 * 5 * 3 * 6 + 6);
  });

  it('grow with the voxels of the crop and no faster: the scan is linear', () => {
    const cost = (size: number) => describeNetwork(nano, 'pretraining', [size, size, size]).multiplyAdds;
    expect(cost(128) / cost(64)).toBeGreaterThan(7.5);
    expect(cost(128) / cost(64)).toBeLessThan(8.5);
  });

  it('of nano are a few thousand a voxel: mostly convolutions at full resolution', () => {
    const { multiplyAdds } = describeNetwork(nano, 'affinities');
    const stem = 27 * 1 * 8;
    const decoder0 = (16 * 8) / 8 + 27 * (8 + 8) * 8 + 27 * 8 * 8; // narrowed below, then two convolutions
    const head = 8 * 3;
    const atFullResolution = stem + decoder0 + head;
    expect(multiplyAdds / 64 ** 3).toBeGreaterThan(atFullResolution);
    expect(multiplyAdds / 64 ** 3).toBeLessThan(3 * atFullResolution);
  });
});

describe('presets and crops', () => {
  it('an unknown preset is refused with the names there are', () => {
    expect(messageOf(() => presetNamed('giga'), 'model/preset')).toBe(
      `There is no preset 'giga'; use one of ${Object.keys(presets).join(', ')}.`,
    );
    expect(messageOf(() => presetNamed('constructor'), 'model/preset')).toContain("no preset 'constructor'");
  });

  it('a crop is a multiple of the strides and of the token on every axis', () => {
    expect(totalStride(nano)).toEqual([16, 16, 16]);
    for (const crop of [nano.crop, [16, 16, 16], [16, 32, 160]] as const)
      expect(() => checkCrop(nano, crop)).not.toThrow();
    expect(tokenGrid(nano, [16, 32, 160])).toEqual([2, 4, 20]);
  });

  it.each([
    [[24, 16, 16], 'z'],
    [[16, 8, 16], 'y'],
    [[16, 16, 0], 'x'],
    [[16, -16, 16], 'y'],
    [[16, 16, 16.5], 'x'],
    [[NaN, 16, 16], 'z'],
  ] as const)('crop [%s] is refused, naming axis %s', (crop, axis) => {
    const expected = `Crop [${crop.join(', ')}] does not suit preset 'nano': axis ${axis} must be a positive multiple of 16.`;
    expect(messageOf(() => checkCrop(nano, crop), 'model/shape')).toBe(expected);
    expect(messageOf(() => describeNetwork(nano, 'affinities', crop), 'model/shape')).toBe(expected);
  });

  it('the unit is the least common multiple when token and strides do not divide each other', () => {
    const odd: Preset = { ...small, token: [6, 1, 4] };
    expect(() => checkCrop(odd, [12, 4, 4])).not.toThrow();
    expect(messageOf(() => checkCrop(odd, [8, 4, 4]))).toContain('axis z must be a positive multiple of 12');
  });
});

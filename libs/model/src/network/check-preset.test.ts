import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import type { Vec3 } from '../ops/ops.ts';
import { describeNetwork } from './describe.ts';
import { checkPreset, presetNamed, presets, withTransformer, type Preset } from './presets.ts';
import { small } from './small.fixture.ts';

const nano = presetNamed('nano');
const stages = nano.stages;

/** What `checkPreset` says, or nothing. */
function refusal(preset: Preset): string | undefined {
  try {
    checkPreset(preset);
  } catch (error) {
    if (isModelError(error, 'model/preset')) return error.message;
    throw error;
  }
  return undefined;
}

describe('presets that are no network', () => {
  it('are none of ours, with Mamba or with Transformer layers', () => {
    for (const preset of Object.values(presets)) {
      expect(refusal(preset)).toBeUndefined();
      expect(refusal(withTransformer(preset))).toBeUndefined();
    }
  });

  it.each<[change: Partial<Preset>, says: string]>([
    [
      { mamba: { ...nano.mamba, headChannels: 24 }, stages: [{ ...stages[3]!, mambaLayers: 1 }] },
      'stages[0].width does not divide, 40 x 2 = 80 inner channels / 24 a head = 3.33; the result must be a whole number',
    ],
    [
      { sequence: 'transformer', transformer: { headChannels: 16, expand: 4 } },
      'stages[1].width does not divide, 24 channels / 16 a head = 1.5; the result must be a whole number',
    ],
    [
      { resampler: { ...nano.resampler, heads: 3 } },
      'resampler.heads does not divide, 40 channels at the bottom / 3 heads = 13.33; the result must be a whole number',
    ],
    [
      { bottleneck: { width: 50, kernel: [3, 3, 3] } },
      'resampler.heads does not divide, 50 channels at the bottom / 4 heads = 12.5; the result must be a whole number',
    ],
    [
      { crop: [64, 60, 64] },
      'crop y does not divide, 60 voxels / 8 a token = 7.5; the result must be a whole number',
    ],
    [
      { crop: [64, 64, 72] },
      'crop x does not divide, 72 voxels / 16 of all strides (2 x 2 x 2 x 2) = 4.5; the result must be a whole number',
    ],
    [{ stages: [] }, 'stages has 0 entries; give it at least one stage'],
    [{ token: [8, 0, 8] }, 'token y is 0; use a whole number of at least 1'],
    [{ crop: [64, 64, NaN] }, 'crop x is NaN; use a whole number of at least 1'],
    [{ decoderKernel: [3, 3] as unknown as Vec3 }, 'decoderKernel has 2 numbers; use three, for z, y and x'],
    [{ stem: { width: 1.5, kernel: [3, 3, 3] } }, 'stem.width is 1.5; use a whole number of at least 1'],
    [
      { stages: [{ ...stages[0]!, mambaLayers: -1 }] },
      'stages[0].mambaLayers is -1; use a whole number of at least 0',
    ],
    [
      { resampler: { ...nano.resampler, layers: 0 } },
      'resampler.layers is 0; use a whole number of at least 1',
    ],
    [{ mamba: { ...nano.mamba, state: 0 } }, 'mamba.state is 0; use a whole number of at least 1'],
    [
      { sequence: 'transformer' },
      "transformer is absent although sequence is 'transformer'; use withTransformer",
    ],
  ])('%j is refused with the sum that fails', (change, says) => {
    const preset = { ...nano, ...change };
    expect(refusal(preset)).toBe(`Preset 'nano' is impossible: ${says}.`);
    expect(() => describeNetwork(preset, 'affinities')).toThrow(says);
  });

  const size = (max: number) => fc.integer({ min: 1, max });
  const vector = (max: number): fc.Arbitrary<Vec3> => fc.tuple(size(max), size(max), size(max));
  const arbitrary: fc.Arbitrary<Preset> = fc.record({
    name: fc.constant('drawn'),
    token: vector(4),
    crop: fc.tuple(size(6), size(6), size(6)).map(([z, y, x]): Vec3 => [z * 4, y * 4, x * 4]),
    stem: fc.record({ width: size(8), kernel: vector(3), beside: fc.boolean() }),
    stages: fc.array(
      fc.record({
        ...{ width: size(48), kernel: vector(3), strides: vector(2) },
        mambaLayers: fc.integer({ min: 0, max: 2 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    decoderKernel: vector(3),
    residual: fc.boolean(),
    sequence: fc.constantFrom<('mamba' | 'transformer')[]>('mamba', 'transformer'),
    transformer: fc.record({ headChannels: fc.constantFrom(1, 2, 3, 4), expand: size(3) }),
    mamba: fc.record({
      ...{ state: size(4), headChannels: fc.constantFrom(1, 2, 3, 4), expand: size(3) },
      convolutionWidth: size(3),
    }),
    resampler: fc.record({ latents: size(4), layers: size(2), heads: fc.constantFrom(1, 2, 3, 4) }),
  });

  it('whatever is not refused is a network of whole shapes, and whatever is shows a sum that is not whole', () => {
    const seen = { refused: 0, possible: 0 };
    fc.assert(
      fc.property(arbitrary, (preset) => {
        const said = refusal(preset);
        if (said === undefined) {
          seen.possible++;
          for (const purpose of ['pretraining', 'affinities'] as const)
            for (const { shape } of describeNetwork(preset, purpose).parameters)
              expect(shape.every((length) => Number.isSafeInteger(length) && length > 0)).toBe(true);
          return;
        }
        seen.refused++;
        const sum = / (\d+) [a-z ]+ \/ (\d+) .* = ([\d.]+);/.exec(said);
        const [whole, part, quotient] = [Number(sum?.[1]), Number(sum?.[2]), Number(sum?.[3])];
        expect(whole % part).toBeGreaterThan(0);
        expect(quotient).toBeCloseTo(whole / part, 2);
      }),
      { numRuns: 400, seed: 5 },
    );
    expect(seen.refused).toBeGreaterThan(50);
    expect(seen.possible).toBeGreaterThan(50);
  });

  it('refused for a head only, they would have had a fraction of a head', () => {
    const narrow = { ...small, mamba: { ...small.mamba, headChannels: 3 } };
    expect(refusal(narrow)).toContain('8 x 2 = 16 inner channels / 3 a head = 5.33');
    const quiet = { ...narrow, stages: small.stages.map((stage) => ({ ...stage, mambaLayers: 0 })) };
    expect(refusal(quiet)).toBeUndefined(); // nobody uses the heads
  });
});

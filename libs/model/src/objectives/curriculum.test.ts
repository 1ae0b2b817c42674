import { describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import { checkCrop, presetNamed } from '../network/presets.ts';
import {
  checkCurriculum,
  defaultCurriculum,
  objectives,
  phaseAt,
  type Curriculum,
  type Objective,
  type ObjectiveWeights,
} from './curriculum.ts';

const dominant = (step: number): Objective => {
  const { weights } = phaseAt(defaultCurriculum, step, 1000);
  return objectives.reduce((best, name) => (weights[name] > weights[best] ? name : best));
};
const volume = (step: number) => phaseAt(defaultCurriculum, step, 1000).crop.reduce((a, b) => a * b, 1);

describe('the default curriculum', () => {
  it('is valid, and its crops suit nano', () => {
    expect(() => checkCurriculum(defaultCurriculum)).not.toThrow();
    for (const { crop } of defaultCurriculum)
      expect(() => checkCrop(presetNamed('nano'), crop)).not.toThrow();
  });

  it('has weights that sum to one in every phase, and trains every objective in each', () => {
    for (const { weights } of defaultCurriculum) {
      expect(objectives.reduce((sum, name) => sum + weights[name], 0)).toBeCloseTo(1, 12);
      expect(Math.min(...Object.values(weights))).toBeGreaterThan(0);
    }
  });

  it('is random-dominant first, then next, and next-all-dominant last', () => {
    expect([0, 299, 300, 699, 700, 999].map(dominant)).toEqual([
      'random',
      'random',
      'next',
      'next',
      'nextAll',
      'nextAll',
    ]);
  });

  it('grows the crop from phase to phase', () => {
    expect(volume(300)).toBeGreaterThan(volume(0));
    expect(volume(999)).toBeGreaterThan(volume(300));
  });

  it('reaches every phase in a run of three steps', () => {
    expect([0, 1, 2].map((step) => defaultCurriculum.indexOf(phaseAt(defaultCurriculum, step, 3)))).toEqual([
      0, 1, 2,
    ]);
  });
});

describe('a curriculum is refused', () => {
  const phase = { until: 1, weights: { random: 1, next: 0, nextAll: 0 }, crop: [16, 16, 16] } as const;
  const refusal = (curriculum: Curriculum): string => {
    try {
      checkCurriculum(curriculum);
    } catch (error) {
      if (isModelError(error, 'model/config')) return error.message;
    }
    return 'accepted';
  };

  it.each([
    ['when weights do not sum to one', { random: 0.5, next: 0.2, nextAll: 0.2 }, 'sum to 0.8999999999999999'],
    ['when a weight is negative', { random: 1.5, next: -0.5, nextAll: 0 }, 'must be >= 0'],
    ['when a weight is not a number', { random: NaN, next: 0.5, nextAll: 0.5 }, 'sum to NaN'],
    // what a configuration file with a missing key gives
    ['when a weight is missing', JSON.parse('{"random":0.5,"next":0.5}'), 'sum to NaN'],
  ] as [string, ObjectiveWeights, string][])('%s', (_, weights, message) => {
    expect(
      refusal([
        { ...phase, until: 0.5 },
        { ...phase, weights },
      ]),
    ).toContain('Phase 1 of the curriculum');
    expect(refusal([{ ...phase, weights }])).toContain(message);
  });

  it('when phases do not end in ascending order, within training', () => {
    expect(refusal([phase, phase])).toContain('Phase 1 of the curriculum ends at 1');
    expect(refusal([{ ...phase, until: 0 }, phase])).toContain('Phase 0 of the curriculum ends at 0');
    expect(refusal([{ ...phase, until: 1.5 }])).toContain('in ascending order, in (0, 1]');
  });

  it('when it does not cover training, or is empty', () => {
    expect(refusal([{ ...phase, until: 0.9 }])).toContain('ends at 0.9; its last phase must end at 1');
    expect(refusal([])).toContain('ends at 0;');
  });

  it('never when it is one whole phase', () => {
    expect(refusal([phase])).toBe('accepted');
  });
});

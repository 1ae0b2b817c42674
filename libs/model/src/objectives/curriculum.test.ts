import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isModelError } from '../errors.ts';
import { checkCrop, presetNamed } from '../network/presets.ts';
import { checkCurriculum } from './check-curriculum.ts';
import {
  defaultCurriculum,
  dominantObjective,
  objectives,
  phaseAt,
  type Curriculum,
  type Objective,
  type ObjectiveWeights,
} from './curriculum.ts';

const dominant = (step: number): Objective =>
  dominantObjective(phaseAt(defaultCurriculum, step, 1000).weights);
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

  it('when its crop shrinks on an axis, however much it grows on others', () => {
    expect(
      refusal([
        { ...phase, until: 0.5 },
        { ...phase, crop: [32, 32, 8] },
      ]),
    ).toBe(
      'Phase 1 of the curriculum has crop [32, 32, 8], which is smaller along x than [16, 16, 16] of the phase before; a crop must not shrink.',
    );
  });

  it.each([
    ['no crop', undefined, 'undefined'],
    ['two sizes', [16, 16], '[16, 16]'],
    ['a half voxel', [16, 16, 0.5], '[16, 16, 0.5]'],
    ['nothing along z', [0, 16, 16], '[0, 16, 16]'],
  ])('when a phase has %s', (_, crop, said) => {
    // what a configuration file may hold
    const wrong = [{ ...phase, crop }] as unknown as Curriculum;
    expect(refusal(wrong)).toBe(
      `Phase 0 of the curriculum has crop ${said}; it must be three whole numbers of voxels, at least 1.`,
    );
  });

  it('when it goes back to an objective', () => {
    const nextAll = { random: 0, next: 0.4, nextAll: 0.6 };
    expect(refusal([{ ...phase, weights: nextAll, until: 0.5 }, phase])).toBe(
      "Phase 1 of the curriculum goes back to 'random' with a weight of 1 after 'nextAll'; the dominant objective must go from random over next to nextAll.",
    );
  });

  it('when it has a weight for something else', () => {
    const weights = JSON.parse('{"random":1,"next":0,"nextAll":0,"mae":0}') as ObjectiveWeights;
    expect(refusal([{ ...phase, weights }])).toContain("has a weight for 'mae', which is no objective");
  });

  it('when it is no list', () => {
    expect(refusal(JSON.parse('{"until":1}') as Curriculum)).toContain('must be a list of phases');
  });

  it('never when it is one whole phase', () => {
    expect(refusal([phase])).toBe('accepted');
  });
});

/** Valid by construction: ends, weights and crops are sums of what is drawn, and phases are put in order of dominance. */
const curricula: fc.Arbitrary<Curriculum> = fc
  .array(
    fc.record({
      part: fc.integer({ min: 1, max: 20 }),
      shares: fc
        .tuple(...objectives.map(() => fc.integer({ min: 0, max: 100 })))
        .filter((w) => w.some((v) => v > 0)),
      growth: fc.tuple(...objectives.map(() => fc.nat(3))),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((drawn) => {
    const total = drawn.reduce((sum, { part }) => sum + part, 0);
    const weighted = drawn
      .map(({ shares }): ObjectiveWeights => {
        const [random, next, nextAll] = shares as [number, number, number]; // one an objective
        const sum = random + next + nextAll;
        return { random: random / sum, next: next / sum, nextAll: nextAll / sum };
      })
      .sort((a, b) => objectives.indexOf(dominantObjective(a)) - objectives.indexOf(dominantObjective(b)));
    let done = 0;
    const crop: [number, number, number] = [8, 8, 8];
    return drawn.map(({ part, growth }, i) => {
      done += part;
      growth.forEach((more, axis) => (crop[axis]! += 8 * more));
      return { until: done / total, weights: weighted[i]!, crop: [...crop] as const };
    });
  });
const refused = (curriculum: Curriculum): boolean => {
  try {
    checkCurriculum(curriculum);
    return false;
  } catch (error) {
    return isModelError(error, 'model/config');
  }
};

describe('whatever the curriculum', () => {
  it('it is accepted as drawn, and refused with any one weight, end or crop that is wrong', () => {
    fc.assert(
      fc.property(
        curricula,
        fc.nat(),
        fc.constantFrom(...objectives),
        fc.nat(2),
        (plan, where, name, axis) => {
          expect(refused(plan)).toBe(false);
          const index = where % plan.length;
          const changed = (change: (phase: Curriculum[number]) => object) =>
            plan.map((phase, i) => (i === index ? { ...phase, ...change(phase) } : phase)) as Curriculum;
          for (const wrong of [0.01, -2, NaN, Infinity]) {
            const off = ({ weights }: Curriculum[number]) => ({
              weights: { ...weights, [name]: weights[name] + wrong },
            });
            expect(refused(changed(off))).toBe(true);
          }
          for (const until of [0, -1, 1.01, NaN, plan[index - 1]?.until ?? 0])
            expect(refused(changed(() => ({ until })))).toBe(true);
          const least = plan[index - 1]?.crop[axis] ?? 1;
          const shrunk = ({ crop }: Curriculum[number]) => ({
            crop: crop.map((size, i) => (i === axis ? least - 1 : size)),
          });
          expect(refused(changed(shrunk))).toBe(true);
        },
      ),
    );
  });

  it('phases come in order, each for its share of the steps to within one, and crops only grow', () => {
    fc.assert(
      fc.property(curricula, fc.integer({ min: 1, max: 300 }), (plan, steps) => {
        const taken = Array.from({ length: steps }, (_, step) => plan.indexOf(phaseAt(plan, step, steps)));
        expect(taken).toEqual(taken.toSorted((a, b) => a - b));
        plan.forEach(({ until }, index) => {
          const share = until - (plan[index - 1]?.until ?? 0);
          const count = taken.filter((phase) => phase === index).length;
          expect(Math.abs(count - share * steps)).toBeLessThanOrEqual(1);
        });
        let before = 0;
        for (const index of taken) {
          const size = plan[index]!.crop.reduce((product, side) => product * side, 1);
          expect(size).toBeGreaterThanOrEqual(before);
          before = size;
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide } from './gate.ts';
import { gateMetrics, type Comparison, type Gate } from './types.ts';

interface Values {
  readonly voi?: number | null | undefined;
  readonly adaptedRand?: number | null | undefined;
  readonly speed?: number | null | undefined;
}

/** What R's comparison would hold, were it broken, too: casts let through what JSON could. */
function compared(champion: Values, challenger: Values): Pick<Comparison, 'pooled' | 'speed'> {
  const score = ({ voi, adaptedRand }: Values) => ({ voi, adaptedRand, voiSplit: 0, voiMerge: 0 }) as never;
  return {
    pooled: { champion: score(champion), challenger: score(challenger) },
    speed: { champion: champion.speed, challenger: challenger.speed } as never,
  };
}

const equal = { voi: 1, adaptedRand: 0.2, speed: 5 };
const gate: Gate = { voi: { margin: 0.01 }, adaptedRand: { margin: 0 }, speed: { margin: -0.1 } };

const value = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const values = fc.record({ voi: value, adaptedRand: value, speed: value });
const margin = fc.record({ margin: fc.double({ min: -1, max: 1, noNaN: true }) });
const gates = fc.record(
  { voi: margin, adaptedRand: margin, speed: margin },
  { requiredKeys: [] },
) as fc.Arbitrary<Gate>;

describe('the gate', () => {
  it('promotes what is better by the margin on every metric', () => {
    const { promote, verdicts, reason } = decide(
      gate,
      compared(equal, { voi: 0.9, adaptedRand: 0.2, speed: 4.6 }),
    );
    expect(promote).toBe(true);
    expect(verdicts.map(({ metric, passed }) => [metric, passed])).toEqual(gateMetrics.map((m) => [m, true]));
    expect(reason).toBe(
      'Better by the margin on every metric of the gate: voi 1.000 -> 0.9000 (+10.00 %, needed +1.00 %); adaptedRand 0.2000 -> 0.2000 (+0.00 %, needed +0.00 %); speed 5.000 -> 4.600 (-8.00 %, needed -10.00 %).',
    );
  });

  it.each<[string, Values]>([
    ['VOI is better by less than the margin', { ...equal, voi: 0.995 }],
    ['VOI is worse', { ...equal, voi: 2 }],
    ['the adapted Rand error is worse', { voi: 0.5, adaptedRand: 0.21, speed: 5 }],
    ['it is slower than allowed', { voi: 0.5, adaptedRand: 0.1, speed: 4.4 }],
  ])('keeps the champion when %s', (_why, challenger) =>
    expect(decide(gate, compared(equal, challenger)).promote).toBe(false),
  );

  it('says which metric failed, with its values', () => {
    expect(decide(gate, compared(equal, { voi: 0.5, adaptedRand: 0.25, speed: 5 })).reason).toBe(
      'Not better by the margin: adaptedRand 0.2000 -> 0.2500 (-25.00 %, needed +0.00 %).',
    );
  });

  it('promotes nothing when it names no metric', () => {
    expect(decide({}, compared(equal, { voi: 0, adaptedRand: 0, speed: 9 }))).toMatchObject({
      promote: false,
      reason: 'The gate names no metric, so nothing is promoted.',
    });
  });

  it('never promotes over a champion without an error that is not as good', () => {
    expect(decide({ voi: { margin: -1 } }, compared({ voi: 0 }, { voi: 0.1 })).promote).toBe(false);
    expect(decide({ voi: { margin: 0 } }, compared({ voi: 0 }, { voi: 0 })).promote).toBe(true);
  });

  it('never promotes over a speed that was not measured', () => {
    const both: Gate = { voi: { margin: 0.01 }, speed: { margin: -1 } };
    expect(decide(both, compared({ voi: 1, speed: 0 }, { voi: 0.5, speed: 5 })).promote).toBe(false);
  });

  it('never promotes what cannot be told, whatever the other metrics say', () => {
    const untold = fc.constantFrom(NaN, undefined, null, Infinity, -Infinity, -1);
    fc.assert(
      fc.property(
        values,
        fc.constantFrom(...gateMetrics),
        untold,
        fc.boolean(),
        (champion, metric, nothing, who) => {
          const best = { voi: 0, adaptedRand: 0, speed: 1e9 };
          const [a, b] = who
            ? [champion, { ...best, [metric]: nothing }]
            : [{ ...champion, [metric]: nothing }, best];
          const { promote, verdicts } = decide({ ...gate, [metric]: { margin: -1 } }, compared(a, b));
          expect(promote).toBe(false);
          expect(verdicts.find((verdict) => verdict.metric === metric)).toMatchObject({
            improvement: null,
            passed: false,
          });
        },
      ),
    );
  });

  it('promotes exactly when every verdict passed, and looks at the named metrics only', () => {
    fc.assert(
      fc.property(gates, values, values, (some, champion, challenger) => {
        const { promote, verdicts } = decide(some, compared(champion, challenger));
        expect(verdicts.map(({ metric }) => metric).toSorted()).toEqual(Object.keys(some).toSorted());
        expect(promote).toBe(verdicts.length > 0 && verdicts.every(({ passed }) => passed));
      }),
    );
  });

  it('a better challenger is never judged worse', () => {
    fc.assert(
      fc.property(gates, values, values, values, (some, champion, one, other) => {
        const better = {
          voi: Math.min(one.voi, other.voi),
          adaptedRand: Math.min(one.adaptedRand, other.adaptedRand),
          speed: Math.max(one.speed, other.speed),
        };
        if (decide(some, compared(champion, one)).promote)
          expect(decide(some, compared(champion, better)).promote).toBe(true);
      }),
    );
  });

  it('never promotes back and forth with margins above 0', () => {
    const strict = fc.record({ margin: fc.double({ min: 1e-6, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(strict, values, values, (voi, a, b) => {
        const there = decide({ voi }, compared(a, b)).promote;
        const back = decide({ voi }, compared(b, a)).promote;
        expect(there && back).toBe(false);
      }),
    );
  });
});

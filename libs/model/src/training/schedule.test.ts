import { expect, it } from 'vitest';
import { rateAt } from './schedule.ts';

const schedule = { peak: 0.01, warmup: 4, final: 0.1 };
const rates = Array.from({ length: 24 }, (_, step) => rateAt(schedule, step, 24));

it('warms up linearly and reaches the peak with the last step of the warm-up', () => {
  for (const [step, expected] of [0.0025, 0.005, 0.0075, 0.01].entries())
    expect(rates[step]).toBeCloseTo(expected, 12);
});

it('falls along half a cosine: half way between peak and end in the middle', () => {
  expect(rates[4]).toBeCloseTo(0.01, 12);
  expect(rates[14]).toBeCloseTo((0.01 + 0.001) / 2, 12);
  for (let step = 5; step < 24; step++) expect(rates[step]).toBeLessThan(rates[step - 1]!);
});

it('ends at its final share, and stays there', () => {
  expect(rateAt(schedule, 24, 24)).toBeCloseTo(0.001, 12);
  expect(rateAt(schedule, 1000, 24)).toBeCloseTo(0.001, 12);
});

it('needs no warm-up, and survives one as long as the run', () => {
  expect(rateAt({ ...schedule, warmup: 0 }, 0, 24)).toBeCloseTo(0.01, 12);
  for (let step = 0; step <= 4; step++)
    expect(Number.isFinite(rateAt({ ...schedule, warmup: 4 }, step, 4))).toBe(true);
});

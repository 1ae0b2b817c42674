import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Admission } from './admission.ts';
import { isApiProblem } from './problem.ts';

describe('admission', () => {
  it('never runs more than it may, loses no place, and serves in order, whoever gives up when', async () => {
    const visit = fc.record({ ms: fc.nat(3), abortAt: fc.option(fc.nat(6)), fails: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(visit, { maxLength: 12 }),
        async (concurrency, visits) => {
          const admission = new Admission({ concurrency, queue: 100 });
          let [running, most] = [0, 0];
          const begun: number[] = [];
          await Promise.allSettled(
            visits.map(({ ms, abortAt, fails }, i) => {
              const controller = new AbortController();
              if (abortAt !== null) setTimeout(() => controller.abort(), abortAt);
              return admission.enter((place) =>
                place.run(async () => {
                  most = Math.max(most, ++running);
                  begun.push(i);
                  await new Promise((resolve) => setTimeout(resolve, ms));
                  running--;
                  if (fails) throw new Error('failed');
                }, controller.signal),
              );
            }),
          );
          expect(most).toBeLessThanOrEqual(concurrency);
          expect(begun).toEqual(begun.toSorted((a, b) => a - b));
          expect([admission.running, admission.waiting]).toEqual([0, 0]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses whoever finds no place, before anything of the request is read', async () => {
    const admission = new Admission({ concurrency: 1, queue: 1 });
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const inside = [1, 2].map(() => admission.enter(() => held));
    let entered = false;
    const refused = await admission.enter(async () => (entered = true)).catch((error: unknown) => error);
    expect(isApiProblem(refused, 'busy')).toBe(true);
    expect(entered).toBe(false);
    release();
    await Promise.all(inside);
    expect(await admission.enter(async () => 'in')).toBe('in');
  });
});

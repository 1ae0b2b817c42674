import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isApiProblem } from '../problem.ts';
import { parseRange, resolveRange } from './range.ts';

it('gives bytes that are there, as many as were asked for unless the value ends, or a 416', () => {
  const asked = fc.tuple(fc.option(fc.nat(30)), fc.option(fc.nat(30)));
  fc.assert(
    fc.property(fc.nat(20), asked, (size, [first, last]) => {
      const range = parseRange(`bytes=${first ?? ''}-${last ?? ''}`);
      const bytes = Array.from({ length: size }, (_, i) => i);
      const wanted =
        first !== null
          ? bytes.slice(first, last === null ? size : last + 1)
          : bytes.slice(size - Math.min(size, last ?? size));
      try {
        const { start, end } = resolveRange(range, size);
        if (range !== undefined) expect(bytes.slice(start, end + 1)).toEqual(wanted);
        else expect([start, end]).toEqual([0, size - 1]);
      } catch (error) {
        if (!isApiProblem(error, 'range-not-satisfiable')) throw error;
        expect(wanted).toEqual([]);
      }
    }),
    { numRuns: 2_000 },
  );
});

it('reads any header without failing otherwise', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `bytes=${text}`),
      ),
      (header) => {
        try {
          parseRange(header);
        } catch (error) {
          expect(isApiProblem(error, 'range-not-satisfiable')).toBe(true);
        }
      },
    ),
  );
});

import { ApiProblem } from '../problem.ts';
import type { ByteRange } from './types.ts';

/**
 * A Range header of one byte range. What is no byte range is ignored, as RFC 9110 (14.2) wants.
 *
 * @throws ApiProblem `range-not-satisfiable` for several ranges, which would need a multipart answer
 */
export function parseRange(header: string | undefined): ByteRange | undefined {
  const value = header?.trim();
  if (value === undefined || !/^bytes=/i.test(value)) return undefined;
  const set = value.slice('bytes='.length);
  if (set.includes(',')) {
    throw new ApiProblem('range-not-satisfiable', 'Several ranges were asked for; ask for one at a time.', {
      field: 'range',
    });
  }
  const match = /^(\d*)-(\d*)$/.exec(set.trim());
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '') return last === '' ? undefined : { suffix: Number(last) };
  if (last === '') return { start: Number(first) };
  // an end before the start makes the header invalid, and an invalid one is ignored
  return Number(last) < Number(first) ? undefined : { start: Number(first), end: Number(last) };
}

/**
 * First and last byte of a range of a value of `size` bytes.
 *
 * @throws ApiProblem `range-not-satisfiable`
 */
export function resolveRange(range: ByteRange | undefined, size: number): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: size - 1 };
  const start = 'suffix' in range ? Math.max(0, size - range.suffix) : range.start;
  const end = 'suffix' in range ? size - 1 : Math.min(range.end ?? size - 1, size - 1);
  if (start <= end) return { start, end };
  throw new ApiProblem('range-not-satisfiable', `The range lies outside the ${size} bytes there are.`, {
    field: 'range',
    limit: size,
    headers: { 'content-range': `bytes */${size}` },
  });
}

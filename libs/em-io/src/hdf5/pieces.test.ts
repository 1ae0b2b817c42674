import fc from 'fast-check';
import { expect, test } from 'vitest';
import { elementCount } from '../geometry.ts';
import { regionShape } from '../volume.ts';
import { chunkAlignedPieces } from './pieces.ts';

test('pieces cover a region once, split only at chunk boundaries, and stay within the limit unless one chunk is larger', () => {
  const axis = fc.record({
    start: fc.nat(9),
    length: fc.integer({ min: 1, max: 12 }),
    chunk: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(
      fc.array(axis, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 500 }),
      (axes, limit) => {
        const region = { start: axes.map((a) => a.start), stop: axes.map((a) => a.start + a.length) };
        const chunk = axes.map((a) => a.chunk);
        const pieces = [...chunkAlignedPieces(region, chunk, limit)];
        const covered = pieces.reduce((total, piece) => total + elementCount(regionShape(piece)), 0);
        expect(covered).toBe(elementCount(regionShape(region)));
        const corners = new Set(pieces.map((piece) => piece.start.join()));
        expect(corners.size).toBe(pieces.length);
        for (const piece of pieces) {
          piece.start.forEach((from, i) =>
            expect(from === region.start[i] || from % chunk[i] === 0).toBe(true),
          );
          piece.stop.forEach((to, i) => expect(to === region.stop[i] || to % chunk[i] === 0).toBe(true));
          const oneChunk = elementCount(regionShape(piece).map((length, i) => Math.min(length, chunk[i])));
          expect(elementCount(regionShape(piece))).toBeLessThanOrEqual(Math.max(limit, oneChunk));
        }
      },
    ),
  );
});

import { boxShape, type Box, type Vec3 } from '@tokenunify/em-io';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pieces } from './pieces.ts';

const side = fc.integer({ min: 1, max: 9 });
const corner = fc.nat(5);
const boxes = fc
  .tuple(corner, corner, corner, side, side, side)
  .map(([z, y, x, d, h, w]): Box => ({ start: [z, y, x], stop: [z + d, y + h, x + w] }));

const voxels = ({ start, stop }: Box): string[] => {
  const all: string[] = [];
  for (let z = start[0]; z < stop[0]; z++)
    for (let y = start[1]; y < stop[1]; y++)
      for (let x = start[2]; x < stop[2]; x++) all.push(`${z},${y},${x}`);
  return all;
};

it('are the voxels of the box in C order, and none takes more memory than allowed or than one row', () => {
  const chunks = fc.option(fc.tuple(side, side, side), { nil: undefined });
  fc.assert(
    fc.property(
      boxes,
      fc.constantFrom(1, 4, 8),
      fc.integer({ min: 1, max: 400 }),
      chunks,
      (box, item, most, chunk) => {
        const cut = [...pieces(box, item, { maxBytes: most, chunkShape: chunk as Vec3 | undefined })];
        expect(cut.flatMap(voxels)).toEqual(voxels(box));
        for (const piece of cut) {
          const [d, h, w] = boxShape(piece);
          expect(d * h * w * item).toBeLessThanOrEqual(Math.max(most, w * item));
        }
      },
    ),
  );
});

it('are cut between chunks where a layer of chunks fits', () => {
  const box: Box = { start: [3, 0, 0], stop: [40, 10, 10] };
  const starts = [...pieces(box, 1, { maxBytes: 1700, chunkShape: [8, 8, 8] })].map(({ start }) => start[0]);
  expect(starts).toEqual([3, 16, 32]);
});

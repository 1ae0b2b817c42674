import type { Box } from '@tokenunify/em-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCommandError } from '../errors.ts';
import { checkPlaces, sharedBox, type Found } from './overlap.ts';
import type { Split } from './types.ts';

const found = (
  number: number,
  rawId: string,
  box: Box,
  split: Split,
  labelsId = `labels ${number}`,
): Found => ({
  file: 'annotations.json',
  number,
  raw: `raw-${number}.zarr`,
  rawId,
  labelsId,
  shape: [20, 20, 20],
  annotation: { number, raw: '', labels: '', box, sha256: '', split, key: '' },
});

const corner = fc.nat(8);
const side = fc.integer({ min: 1, max: 6 });
const boxes = fc
  .tuple(corner, corner, corner, side, side, side)
  .map(([z, y, x, d, h, w]): Box => ({ start: [z, y, x], stop: [z + d, y + h, x + w] }));
const splits = fc.constantFrom<Split>('train', 'held-out');
const ids = fc.constantFrom('one', 'other');

const inside = ({ start, stop }: Box, at: readonly number[]) =>
  at.every((v, axis) => v >= start[axis]! && v < stop[axis]!);

/** Voxel by voxel, as nobody would do it. */
function meet(a: Box, b: Box): boolean {
  for (let z = 0; z < 14; z++)
    for (let y = 0; y < 14; y++)
      for (let x = 0; x < 14; x++) if (inside(a, [z, y, x]) && inside(b, [z, y, x])) return true;
  return false;
}

const refusal = (...entries: Found[]): string | undefined => {
  try {
    checkPlaces(entries);
    return undefined;
  } catch (error) {
    expect(isCommandError(error, 'trainer/manifest')).toBe(true);
    return (error as Error).message; // as just checked
  }
};

describe('boxes of entries', () => {
  it('overlap when they share a voxel of one volume, whichever comes first', () => {
    fc.assert(
      fc.property(boxes, boxes, ids, ids, splits, splits, (a, b, idA, idB, splitA, splitB) => {
        const [one, other] = [found(1, idA, a, splitA), found(2, idB, b, splitB)];
        expect(sharedBox(one, other)).toEqual(sharedBox(other, one));
        expect(sharedBox(one, other) !== undefined).toBe(idA === idB && meet(a, b));
        const refused = idA === idB && splitA !== splitB && meet(a, b);
        expect(refusal(one, other) !== undefined).toBe(refused);
        expect(refusal({ ...other, number: 1 }, { ...one, number: 2 }) !== undefined).toBe(refused);
      }),
    );
  });

  it('may share voxels within a split, but not be there twice', () => {
    const box: Box = { start: [0, 0, 0], stop: [4, 4, 4] };
    expect(refusal(found(1, 'a', box, 'train'), found(2, 'a', box, 'train'))).toBeUndefined();
    expect(refusal(found(1, 'a', box, 'train', 'l'), found(2, 'a', box, 'train', 'l'))).toBe(
      'Entry 2 (raw-2.zarr) of annotations.json is entry 1 again, with the same raw volume, labels and box; remove one of them.',
    );
  });

  it('that meet are refused with both entries, the voxels and why', () => {
    const train = found(1, 'a', { start: [0, 0, 0], stop: [4, 4, 4] }, 'train');
    const heldOut = found(2, 'a', { start: [3, 2, 0], stop: [9, 9, 9] }, 'held-out');
    expect(refusal(train, heldOut)).toBe(
      'Entry 2 (raw-2.zarr) of annotations.json is held-out with the box 3:9,2:9,0:9, which shares the voxels 3:4,2:4,0:4 with the train box of entry 1 (raw-1.zarr); a model must not be compared on what it was trained on, so move or remove one of the boxes.',
    );
  });
});

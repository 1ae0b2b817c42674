import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ContingencyTable, perSegment, variationOfInformation } from './index.ts';

it('a segment in two halves has one bit for each of its voxels, and one that shares a label has those of the merge', () => {
  // 1 is in two halves; 2 (four voxels) and 3 (two) share label 7
  const truth = Uint32Array.of(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 0, 0);
  const labels = Uint32Array.of(5, 5, 6, 6, 7, 7, 7, 7, 7, 7, 7, 5);
  const scores = perSegment(new ContingencyTable().add(truth, labels));
  expect(scores).toEqual([
    { id: 1, voxels: 4, parts: 2, split: expect.closeTo(4 / 10, 12), merge: 0 },
    { id: 2, voxels: 4, parts: 1, split: 0, merge: expect.closeTo((4 * Math.log2(6 / 4)) / 10, 12) },
    { id: 3, voxels: 2, parts: 1, split: 0, merge: expect.closeTo((2 * Math.log2(6 / 2)) / 10, 12) },
  ]);
});

it('label 0 is a label like others', () => {
  const table = new ContingencyTable().add(Uint8Array.of(1, 1, 2, 2), Uint8Array.of(0, 3, 0, 0));
  const [first, second] = perSegment(table);
  expect(first).toMatchObject({ parts: 2, split: expect.closeTo(2 / 4, 12) });
  expect(second).toMatchObject({ parts: 1, split: 0, merge: expect.closeTo((2 * Math.log2(3 / 2)) / 4, 12) });
});

it('what the segments add is the whole score, however the voxels were added', () => {
  const ids = (n: number) => fc.uint32Array({ minLength: n, maxLength: n, max: 9 });
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 300 }).chain((n) => fc.tuple(ids(n), ids(n), fc.nat(n))),
      ([a, labels, cut]) => {
        const truth = a.with(0, 1);
        const table = new ContingencyTable()
          .add(truth.subarray(cut), labels.subarray(cut))
          .add(truth.subarray(0, cut), labels.subarray(0, cut));
        const scores = perSegment(table);
        const sum = (of: 'split' | 'merge' | 'voxels') => scores.reduce((all, score) => all + score[of], 0);
        const voi = variationOfInformation(truth, labels);
        expect(sum('split')).toBeCloseTo(voi.split, 10);
        expect(sum('merge')).toBeCloseTo(voi.merge, 10);
        expect(sum('voxels')).toBe(truth.filter((id) => id !== 0).length);
        expect(scores.every(({ split, merge }) => split >= 0 && merge >= 0)).toBe(true);
      },
    ),
  );
});

it('ids of 64 bits come back as they were', () => {
  const big = 1n << 40n;
  const table = new ContingencyTable().add(
    BigUint64Array.of(big + 1n, big, 0n, big),
    Uint8Array.of(1, 2, 3, 2),
  );
  expect(perSegment(table).map(({ id, voxels }) => [id, voxels])).toEqual([
    [big, 2],
    [big + 1n, 1],
  ]);
});

it('a truth that is nowhere annotated has no scores', () => {
  expect(() => perSegment(new ContingencyTable().add(new Uint8Array(3), new Uint8Array(3)))).toThrow(
    /truth id other than 0/,
  );
});

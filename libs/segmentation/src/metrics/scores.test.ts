import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ContingencyTable, adaptedRandError, cremiScore, variationOfInformation } from './index.ts';

interface Golden {
  name: string;
  truth: number[];
  labels: number[];
  voiSplit: number;
  voiMerge: number;
  adaptedRand: {
    skimage: { error: number | null };
    pairs: { error: number; randSplit: number; randMerge: number };
    cremi: { error: number; precision: number; recall: number };
  };
  cremiScore: number;
}
// The file is ours and typed by hand above; JSON.parse cannot know it.
const goldens = JSON.parse(readFileSync(new URL('../goldens/metrics.json', import.meta.url), 'utf8')) as {
  cases: Golden[];
};

const same = (actual: number | null, expected: number | null) =>
  expected === null ? expect(actual).toBeNull() : expect(Math.abs(actual! - expected)).toBeLessThan(1e-9);

describe('metrics agree with the reference implementations', () => {
  test.each(goldens.cases)('$name', (golden) => {
    const truth = Uint32Array.from(golden.truth);
    const labels = Uint32Array.from(golden.labels);
    const voi = variationOfInformation(truth, labels);
    same(voi.split, golden.voiSplit);
    same(voi.merge, golden.voiMerge);
    same(adaptedRandError(truth, labels).error, golden.adaptedRand.skimage.error);
    const pairs = adaptedRandError(truth, labels, 'pairs');
    same(pairs.error, golden.adaptedRand.pairs.error);
    same(pairs.recall, golden.adaptedRand.pairs.randSplit);
    same(pairs.precision, golden.adaptedRand.pairs.randMerge);
    const cremi = adaptedRandError(truth, labels, 'cremi');
    same(cremi.error, golden.adaptedRand.cremi.error);
    same(cremi.precision, golden.adaptedRand.cremi.precision);
    same(cremi.recall, golden.adaptedRand.cremi.recall);
    same(cremiScore(truth, labels), golden.cremiScore);
  });
});

describe('properties of the metrics', () => {
  const volumes = fc
    .integer({ min: 2, max: 200 })
    .chain((n) => fc.tuple(ids(n), ids(n)))
    .map(([a, b]) => [a.map((id) => id + 1), b.map((id) => id + 1)] as const);
  function ids(n: number) {
    return fc.uint32Array({ minLength: n, maxLength: n, max: 9 });
  }

  it('swaps split and merge when truth and labels change places', () => {
    fc.assert(
      fc.property(volumes, ([a, b]) => {
        const there = variationOfInformation(a, b);
        const back = variationOfInformation(b, a);
        same(there.split, back.merge);
        same(there.merge, back.split);
        same(adaptedRandError(a, b).error, adaptedRandError(b, a).error);
      }),
    );
  });

  it('does not depend on the names of the labels, nor on the width of their type', () => {
    fc.assert(
      fc.property(volumes, fc.integer({ min: 1, max: 1 << 20 }), ([a, b], shift) => {
        const renamed = b.map((id) => (id * 7919 + shift) >>> 0);
        const wide = BigUint64Array.from(b, (id) => BigInt(id) + (1n << 40n));
        const expected = variationOfInformation(a, b);
        expect(variationOfInformation(a, renamed).total).toBeCloseTo(expected.total, 10);
        expect(variationOfInformation(BigInt64Array.from(a, BigInt), wide).total).toBeCloseTo(
          expected.total,
          10,
        );
        expect(variationOfInformation(Int8Array.from(a), Uint16Array.from(b)).total).toBeCloseTo(
          expected.total,
          10,
        );
      }),
    );
  });

  it('gives the same score block by block as at once', () => {
    fc.assert(
      fc.property(volumes, fc.nat(200), ([a, b], cut) => {
        const table = new ContingencyTable();
        table.add(a.subarray(cut), b.subarray(cut)).add(a.subarray(0, cut), b.subarray(0, cut));
        same(variationOfInformation(table).total, variationOfInformation(a, b).total);
        same(cremiScore(table), cremiScore(a, b));
      }),
    );
  });

  it('is zero for a perfect segmentation', () => {
    const truth = Uint32Array.from([1, 1, 2, 2, 3, 3]);
    expect(variationOfInformation(truth, truth)).toEqual({ split: 0, merge: 0, total: 0 });
    expect(adaptedRandError(truth, truth).error).toBe(0);
  });
});

describe('bad input', () => {
  it('refuses arrays of different length and says both', () => {
    expect(() => variationOfInformation(new Uint32Array(4), new Uint32Array(5))).toThrow(/5 values, but 4/);
  });
  it('refuses a truth that is nowhere annotated', () => {
    expect(() => variationOfInformation(new Uint32Array(4), new Uint32Array(4))).toThrow(
      /truth id other than 0/,
    );
  });
});

it('scores ten million voxels in about a second', () => {
  const n = 10_000_000;
  const truth = new Uint32Array(n);
  const labels = new Uint32Array(n);
  for (let i = 0; i < n; i++) {
    truth[i] = ((i >>> 5) % 977) + 1;
    labels[i] = (Math.imul(i >>> 4, 2654435761) >>> 20) + 1;
  }
  const start = performance.now();
  variationOfInformation(truth, labels);
  expect(performance.now() - start).toBeLessThan(4000); // ten-fold margin: a busy machine must not fail it
});

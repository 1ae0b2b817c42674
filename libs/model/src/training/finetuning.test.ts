import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { balancedCrossEntropy } from './finetuning.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const loss = (logits: number[], targets: number[], mask = targets.map(() => 1)): number =>
  tf.tidy(
    () =>
      balancedCrossEntropy(
        tf,
        tf.tensor1d(logits),
        Float32Array.from(targets),
        Float32Array.from(mask),
      ).dataSync()[0]!,
  );
const gradient = (logits: number[], targets: number[], mask = targets.map(() => 1)): number[] => [
  ...tf
    .grad((x) => balancedCrossEntropy(tf, x, Float32Array.from(targets), Float32Array.from(mask)))(
      tf.tensor1d(logits),
    )
    .dataSync(),
];
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('balanced cross-entropy', () => {
  it('is the mean over links when both classes are as frequent, by hand', () => {
    const expected = -(Math.log(sigmoid(1)) + Math.log(1 - sigmoid(-2))) / 2;
    expect(loss([1, -2], [1, 0])).toBeCloseTo(expected, 6);
  });

  it('gives each class half of the loss, however rare, by hand', () => {
    const inside = -(Math.log(sigmoid(1)) + Math.log(sigmoid(0.5)) + Math.log(sigmoid(-1))) / 3;
    const across = -Math.log(1 - sigmoid(0.3));
    expect(loss([1, 0.5, -1, 0.3], [1, 1, 1, 0])).toBeCloseTo((inside + across) / 2, 6);
  });

  it('weights a class at most ten times, so that a crop of one class does not explode', () => {
    const entropy = -Math.log(sigmoid(1));
    const ones = Array.from({ length: 40 }, () => 1);
    expect(loss(ones, ones)).toBeCloseTo(entropy * (0.5 / 0.95), 6);
    const targets = ones.map((_, i) => (i === 0 ? 0 : 1));
    expect(gradient(ones, targets)[0]).toBeCloseTo((10 * sigmoid(1)) / 40, 6);
  });

  it('counts no masked link, neither in the loss nor in the balance', () => {
    expect(loss([1, -2, 7, -9], [1, 0, 0, 1], [1, 1, 0, 0])).toBeCloseTo(loss([1, -2], [1, 0]), 6);
    expect(gradient([1, -2, 7], [1, 0, 0], [1, 1, 0])[2]).toBeCloseTo(0, 12);
  });

  it('is 0, with no gradient, where nothing is labelled', () => {
    expect(loss([3, -3], [0, 0], [0, 0])).toBe(0);
    expect(gradient([3, -3], [0, 0], [0, 0]).map(Math.abs)).toEqual([0, 0]);
  });

  it('is finite for logits of 1000 either way, right and wrong', () => {
    expect(loss([1000, -1000], [1, 0])).toBeCloseTo(0, 6);
    expect(loss([-1000, 1000], [1, 0])).toBeCloseTo(1000, 2);
    for (const logits of [
      [1000, -1000],
      [-1000, 1000],
    ])
      expect(gradient(logits, [1, 0]).every(Number.isFinite)).toBe(true);
    expect(gradient([-1000, 1000], [1, 0])).toEqual([-0.5, 0.5]);
  });

  it('has the gradient (sigmoid(x) - t) / links, at 0 too: fresh heads say 0', () => {
    for (const [a, b] of [
      [0, 0],
      [0.7, -1.3],
      [-4, 3],
    ] as const) {
      const [first, second] = gradient([a, b], [1, 0]);
      expect(first).toBeCloseTo((sigmoid(a) - 1) / 2, 6);
      expect(second).toBeCloseTo(sigmoid(b) / 2, 6);
    }
  });
});

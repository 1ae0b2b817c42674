import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError, uniform } from '../network/small.fixture.ts';
import { instanceNorm } from './instance-norm.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Norm = (x: tf.Tensor, gain: tf.Tensor, offset: tf.Tensor) => tf.Tensor;
const EPSILON = 1e-3;
const ours: Norm = (x, gain, offset) => instanceNorm(tf, x, gain, offset, EPSILON);
/** Composed from TensorFlow.js' own operations, with its gradients. */
const composed: Norm = (x, gain, offset) => {
  const { mean, variance } = tf.moments(x, [1, 2, 3], true);
  return x
    .sub(mean)
    .div(tf.sqrt(variance.add(EPSILON)))
    .mul(gain)
    .add(offset);
};

function differentiate(norm: Norm, shape: number[], values: Float32Array) {
  return tf.tidy(() => {
    const channels = shape[4]!;
    const inputs = [
      tf.tensor(values, shape),
      tf.tensor(uniform([channels], 2, 0.5, 2), [channels]),
      tf.tensor(uniform([channels], 3), [channels]),
    ];
    const weights = tf.tensor(uniform(shape, 4), shape);
    const [dx, dGain, dOffset] = tf.grads((x, gain, offset) => norm(x!, gain!, offset!).mul(weights).sum())(
      inputs,
    );
    const value = norm(inputs[0]!, inputs[1]!, inputs[2]!);
    const read = (tensor: tf.Tensor) => tensor.dataSync();
    return { value: read(value), dx: read(dx!), dGain: read(dGain!), dOffset: read(dOffset!) };
  });
}

describe('value and gradients are those of the composition', () => {
  it.each([
    ['one sample', [1, 4, 5, 6, 3]],
    ['several samples, each by itself', [3, 2, 3, 4, 2]],
    ['one channel', [2, 3, 3, 3, 1]],
    ['a flat map', [2, 1, 7, 5, 4]],
  ] as [string, number[]][])('%s', (_, shape) => {
    const values = uniform(shape, 1);
    const [actual, expected] = [differentiate(ours, shape, values), differentiate(composed, shape, values)];
    for (const name of ['value', 'dx', 'dGain', 'dOffset'] as const)
      expect(relativeError(actual[name], expected[name]), name).toBeLessThan(2e-5);
  });

  it('with epsilon as large as the variance', () => {
    const values = uniform([2, 3, 4, 5, 2], 1, -0.05, 0.05);
    const [actual, expected] = [
      differentiate(ours, [2, 3, 4, 5, 2], values),
      differentiate(composed, [2, 3, 4, 5, 2], values),
    ];
    for (const name of ['value', 'dx', 'dGain', 'dOffset'] as const)
      expect(relativeError(actual[name], expected[name]), name).toBeLessThan(2e-5);
  });
});

it('every sample and channel has mean 0 and variance 1, whatever another one does', () => {
  const shape = [2, 4, 4, 4, 2];
  const x = uniform(shape, 1).map((value, i) => (i % 2 === 0 ? 5 + value : -30 * value));
  const run = (values: Float32Array) =>
    instanceNorm(tf, tf.tensor(values, shape), tf.ones([2]), tf.zeros([2]), 1e-8).dataSync();
  const y = run(x);
  for (let sample = 0; sample < 2; sample++)
    for (let channel = 0; channel < 2; channel++) {
      const of = Array.from({ length: 64 }, (_, v) => y[sample * 128 + v * 2 + channel]!);
      const mean = of.reduce((a, b) => a + b, 0) / 64;
      expect(mean).toBeCloseTo(0, 5);
      expect(of.reduce((a, b) => a + (b - mean) ** 2, 0) / 64).toBeCloseTo(1, 4);
    }
  const other = x.map((value, i) => (i >= 128 ? value * 3 : value));
  expect(run(other).slice(0, 128)).toEqual(y.slice(0, 128));
});

it('a constant map becomes the offset, with finite gradients', () => {
  const { value, dx } = differentiate(ours, [1, 2, 2, 2, 1], new Float32Array(8).fill(0.7));
  const offset = uniform([1], 3)[0]!;
  for (const v of value) expect(v).toBeCloseTo(offset, 6);
  expect([...dx].every(Number.isFinite)).toBe(true);
});

it('keeps its precision far from zero', () => {
  const shape = [1, 4, 4, 4, 1];
  const near = uniform(shape, 1);
  const normed = (values: Float32Array) =>
    instanceNorm(tf, tf.tensor(values, shape), tf.ones([1]), tf.zeros([1]), 1e-5).dataSync();
  // 1000 + x loses 13 bits of x; a mean of squares minus the square of the mean would lose all of them
  expect(relativeError(normed(near.map((value) => value + 1000)), normed(near))).toBeLessThan(1e-3);
});

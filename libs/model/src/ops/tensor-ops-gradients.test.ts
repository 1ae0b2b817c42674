import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError } from '../network/small.fixture.ts';
import { differentiate, gradientCases } from './tensor-ops-gradients.fixture.ts';
import { TensorOps } from './tensor-ops.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('value and gradients of ours are those of TensorFlow.js, which are slower:', () => {
  it.each(Object.entries(gradientCases))('%s', (_, { inputs, ours, theirs }) => {
    const ops = new TensorOps(tf);
    const actual = differentiate(tf, inputs, (xs) => ours(ops, xs));
    const expected = differentiate(tf, inputs, (xs) => theirs(tf, xs));
    for (const [i, values] of expected.entries())
      expect(relativeError(actual[i]!, values), i === 0 ? 'value' : `gradient ${i}`).toBeLessThan(1e-5);
  });

  it.each(Object.entries(gradientCases))('%s leaves no tensor behind', (_, { inputs, ours }) => {
    const ops = new TensorOps(tf);
    const before = tf.memory().numTensors;
    differentiate(tf, inputs, (xs) => ours(ops, xs));
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('a rectifier has gradient 0 at 0, as TensorFlow.js says', () => {
  const x = tf.tensor1d([-2, -0, 0, 1e-30, 3]);
  const gradient = tf.grad((at) => new TensorOps(tf).relu(at))(x);
  expect([...gradient.dataSync()].map(Math.abs)).toEqual([0, 0, 0, 1, 1]);
});

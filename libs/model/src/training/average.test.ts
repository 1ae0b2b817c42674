import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { zeros } from '../network/parameters.ts';
import { MovingAverage } from './average.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const parameters = [{ name: 'a', shape: [1], init: zeros }];
const at = (value: number) => new Map([['a', { shape: [1], data: Float32Array.of(value) }]]);

it('follows the weights with a decay that grows from a tenth to its limit', () => {
  const average = new MovingAverage(tf, parameters, at(0), 0.5);
  const current = new Map([['a', tf.variable(tf.tensor1d([1]))]]);
  const value = () => average.variables.all.get('a')!.dataSync()[0]!;
  average.update(current, 0); // decay 1/10: 0.9
  expect(value()).toBeCloseTo(0.9, 6);
  average.update(current, 1); // decay 2/11: 0.9 * 2/11 + 9/11
  expect(value()).toBeCloseTo((0.9 * 2 + 9) / 11, 6);
  const before = value();
  current.get('a')!.assign(tf.tensor1d([3]));
  average.update(current, 1000); // decay 0.5, the limit
  expect(value()).toBeCloseTo((before + 3) / 2, 6);
});

it('keeps weights of its own, and frees them', () => {
  const before = tf.memory().numTensors;
  const average = new MovingAverage(tf, parameters, at(2), 0.9);
  const current = new Map([['a', tf.variable(tf.tensor1d([5]))]]);
  average.update(current, 3);
  expect(current.get('a')!.dataSync()[0]).toBe(5);
  average[Symbol.dispose]();
  expect(current.get('a')!.dataSync()[0]).toBe(5);
  for (const variable of current.values()) variable.dispose();
  expect(tf.memory().numTensors).toBe(before + 1); // the tensor that `current` was made from
});

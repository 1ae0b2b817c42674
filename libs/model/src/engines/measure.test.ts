import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { openEngine } from './engine.ts';
import { measureConv3dGradients } from './measure.ts';

it('the convolution with its gradients counts three times the operations, and no tensor is left', async () => {
  const engine = await openEngine('cpu');
  const before = tf.memory().numTensors;
  let clock = 0;
  const gflops = await measureConv3dGradients(engine, () => (clock += 5)); // every measurement takes 5 ms
  expect(gflops).toBeCloseTo((3 * 2 * 12 ** 3 * 27 * 16 * 16) / 5e6, 6);
  expect(tf.memory().numTensors).toBe(before);
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { loadNativeTensorflow, locateNativeTensorflow } from './native.ts';
import { describeTensorflow } from './tensorflow.fixture.ts';

describeTensorflow('the native engine', () => {
  beforeAll(async () => {
    await loadNativeTensorflow();
  });

  test('becomes the backend of the copy of TensorFlow.js that this library imports', () => {
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test('gives the gradients of conv3d that the definition gives', () => {
    // One voxel of input and a 1x1x1 kernel: y = x w, so d(y^2)/dx = 2 x w^2 and d(y^2)/dw = 2 x^2 w.
    const gradients = tf.grads((x, w) =>
      tf
        .conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'same')
        .square()
        .sum(),
    );
    const [dx, dw] = gradients([tf.fill([1, 1, 1, 1, 1], 3), tf.fill([1, 1, 1, 1, 1], 5)]);
    expect(dx?.dataSync()[0]).toBeCloseTo(2 * 3 * 25, 4);
    expect(dw?.dataSync()[0]).toBeCloseTo(2 * 9 * 5, 4);
  });

  test('says where it is and which TensorFlow it calls', async () => {
    const { directory, version } = await loadNativeTensorflow();
    expect(directory).toBe(locateNativeTensorflow());
    expect(version).toMatch(/^2\.\d+\.\d+$/);
  });

  test('a second load changes nothing', async () => {
    const before = tf.engine().registryFactory['tensorflow'];
    await loadNativeTensorflow();
    expect(tf.engine().registryFactory['tensorflow']).toBe(before);
  });
});

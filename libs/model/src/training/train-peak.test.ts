import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { countPeakBytes } from './train-peak.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('counts what is alive at once, not what is left and not the sum', async () => {
  const { result, peak } = await countPeakBytes(tf, async () => {
    const a = tf.zeros([100]);
    const b = tf.zeros([50]);
    await tf.nextFrame();
    a.dispose();
    const c = tf.zeros([80]); // 130 beside 150
    tf.dispose([b, c]);
    return 'done';
  });
  expect(result).toBe('done');
  expect(peak).toBe(150 * 4);
});

it('counts numbers once, however many shapes they are seen in', async () => {
  const { peak } = await countPeakBytes(tf, () =>
    tf.tidy(() => {
      const wide = tf.zeros([10, 10]);
      wide.reshape([100]).clone().reshape([5, 20]);
      tf.zeros([8], 'bool');
    }),
  );
  expect(peak).toBe(100 * 4 + 8);
});

it('takes off what was there before and is given back', async () => {
  const before = tf.zeros([100]);
  const { peak } = await countPeakBytes(tf, () => {
    before.dispose();
    tf.dispose([tf.zeros([130])]);
  });
  expect(peak).toBe(30 * 4);
});

it('leaves the engine as it was, also when the run fails or counts itself', async () => {
  await expect(countPeakBytes(tf, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  const { result, peak } = await countPeakBytes(tf, () => countPeakBytes(tf, () => tf.zeros([10])));
  expect([result.peak, peak]).toEqual([40, 40]);
  const { numTensors } = tf.memory();
  result.result.dispose();
  expect(tf.memory().numTensors).toBe(numTensors - 1);
});

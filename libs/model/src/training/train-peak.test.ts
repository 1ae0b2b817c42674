import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { countPeakBytes } from './train-peak.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

it('counts what is alive at once, not what is left and not the sum', async () => {
  const before = tf.memory().numBytes;
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
  expect(peak - before).toBe(150 * 4);
  expect(tf.memory().numBytes).toBe(before);
});

it('leaves the engine as it was, also when the run fails or counts itself', async () => {
  const { state } = tf.engine();
  await expect(countPeakBytes(tf, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  const { result, peak } = await countPeakBytes(tf, () => countPeakBytes(tf, () => tf.zeros([10])));
  expect(result.peak).toBe(state.numBytes);
  expect(peak).toBe(result.peak);
  expect(Object.getOwnPropertyDescriptor(state, 'numBytes')).toMatchObject({ writable: true });
  result.result.dispose();
});

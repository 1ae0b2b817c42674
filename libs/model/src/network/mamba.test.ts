import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Vec3 } from '../ops/ops.ts';
import { mapOf } from '../ops/shape-ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import type { Weights } from '../training/weights.ts';
import { inThreeOrders, mambaLayer, mergeOrders } from './mamba.ts';
import { small, sourceOf, uniform, volumeOf, weightsFor } from './small.fixture.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('three scan orders', () => {
  const grid: Vec3 = [2, 2, 3];
  const raster = tf.tensor(
    Array.from({ length: 12 }, (_, i) => i),
    [1, 12, 1],
  );

  it('are raster, reversed raster, and z fastest', () => {
    const orders = inThreeOrders(new TensorOps(tf), raster, grid).reshape([3, 12]).arraySync();
    expect(orders).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
      [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11], // both voxels of a column, then the next column
    ]);
  });

  it('are undone by merging, each by itself', () => {
    const ops = new TensorOps(tf);
    const x = tf.tensor(uniform([2, 60, 4], 1), [2, 60, 4]);
    const scanned = inThreeOrders(ops, x, [3, 4, 5]);
    for (let order = 0; order < 3; order++) {
      const only = tf
        .oneHot(tf.tensor1d([order], 'int32'), 3)
        .cast('float32')
        .reshape([1, 3, 1, 1]);
      expect(mergeOrders(ops, scanned.mul(only), [3, 4, 5]).arraySync()).toEqual(x.arraySync());
    }
  });
});

describe('a Mamba layer', () => {
  const space: Vec3 = [3, 2, 4];
  const tokens = volumeOf(space);
  const channels = 8;
  const weights = weightsFor((ops, p) => mambaLayer(ops, p, mapOf(1, channels, space), small.mamba));
  const input = uniform([tokens, channels], 3);

  const layer = (x: Float32Array, w: Weights): Float32Array =>
    tf.tidy(() => {
      const map = tf.tensor(x, [1, ...space, channels]);
      // float32 in, float32 out
      return mambaLayer(new TensorOps(tf), sourceOf(tf, w), map, small.mamba).dataSync() as Float32Array;
    });

  /** The layer with only some of its three scans merged. */
  const merging = (...orders: number[]): Weights => {
    const merge = weights.get('merge')!;
    const width = merge.data.length / 3;
    const data = merge.data.map((value, i) => (orders.includes(Math.floor(i / width)) ? value : 0));
    return new Map(weights).set('merge', { shape: merge.shape, data });
  };

  /** Tokens (raster) whose output changes when the input of one does. */
  function touchedBy(token: number, w: Weights): number[] {
    const changed = input.slice();
    for (let c = 0; c < channels; c++) changed[token * channels + c]! += c % 2 === 0 ? 0.3 : -0.2;
    const [before, after] = [layer(input, w), layer(changed, w)];
    return Array.from({ length: tokens }, (_, t) => t).filter((t) =>
      before.subarray(t * channels, (t + 1) * channels).some((value, c) => value !== after[t * channels + c]),
    );
  }
  const every = Array.from({ length: tokens }, (_, t) => t);
  const column = (t: number) => (t % 8) * space[0] + Math.floor(t / 8); // rank of a token when z is fastest

  it('passes on nothing but the residual when no scan is merged', () => {
    expect(layer(input, merging())).toEqual(input);
  });

  it.each([0, 5, 13, 23])('in raster order reaches token %i from those before it', (t) => {
    expect(touchedBy(t, merging(0))).toEqual(every.filter((other) => other >= t));
  });

  it.each([0, 5, 13, 23])('in reversed order reaches token %i from those after it', (t) => {
    expect(touchedBy(t, merging(1))).toEqual(every.filter((other) => other <= t));
  });

  it.each([0, 5, 13, 23])('in inter-section order reaches token %i from those before it, z fastest', (t) => {
    expect(touchedBy(t, merging(2))).toEqual(every.filter((other) => column(other) >= column(t)));
  });

  it('lets every token see every other one when all three are merged', () => {
    for (const t of [0, 5, 13, 23]) expect(touchedBy(t, weights)).toEqual(every);
  });

  it.each([
    ['raster', [1, 2]],
    ['reversed', [0, 2]],
    ['inter-section', [0, 1]],
  ])('says something else without its %s scan', (_, others) => {
    const [whole, without] = [layer(input, weights), layer(input, merging(...others))];
    expect(Math.max(...whole.map((value, i) => Math.abs(value - without[i]!)))).toBeGreaterThan(0.01);
  });

  it('learns how to merge: what each scan is worth, channel by channel', () => {
    const values = uniform([tokens, channels], 9);
    const gradient = tf.tidy(() => {
      const source = sourceOf(tf, weights);
      const merge = source.get('merge', weights.get('merge')!.shape, { kind: 'constant', value: 0 });
      const loss = (learned: tf.Tensor) => {
        const p = {
          get: (...[name, ...of]: Parameters<typeof source.get>) =>
            name === 'merge' ? learned : source.get(name, ...of),
        };
        const map = tf.tensor(input, [1, ...space, channels]);
        return mambaLayer(new TensorOps(tf), p, map, small.mamba)
          .mul(tf.tensor(values, [1, ...space, channels]))
          .sum();
      };
      return tf.grad(loss)(merge).dataSync();
    });
    const width = gradient.length / 3;
    for (let order = 0; order < 3; order++) {
      const own = gradient.subarray(order * width, (order + 1) * width);
      expect(own.every((value) => Math.abs(value) > 1e-4)).toBe(true);
      // each learns by itself
      for (let other = 0; other < order; other++)
        expect(own).not.toEqual(gradient.subarray(other * width, (other + 1) * width));
    }
  });

  it('decays within (0, 1): the logarithm of a decay is never positive', () => {
    const rates = weights.get('decay.log')!.data;
    expect(rates.every((rate) => Number.isFinite(rate) && rate >= 0 && rate <= Math.log(16))).toBe(true);
  });
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { relativeError, uniform, volumeOf } from '../network/small.fixture.ts';
import type { Vec3 } from './ops.ts';
import { TensorOps } from './tensor-ops.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Case {
  readonly space: Vec3;
  readonly kernel: Vec3;
  readonly strides: Vec3;
  /** Before and after. */
  readonly channels?: readonly [number, number];
}
const N = 2;
const WIDER = [2, 3] as const;

/** The definition, in float64: y, and the gradients of the sum of y * weights. */
function direct(
  { space, kernel, strides, channels = WIDER }: Case,
  x: Float32Array,
  filter: Float32Array,
  weights: Float32Array,
) {
  const [FROM, TO] = channels;
  const out = space.map((size, i) => Math.ceil(size / strides[i]!)) as unknown as Vec3; // map keeps the length
  // TensorFlow's "same": what is missing to reach the last window, the odd cell after
  const before = space.map((size, i) =>
    Math.floor(Math.max(0, (out[i]! - 1) * strides[i]! + kernel[i]! - size) / 2),
  );
  const y = new Float64Array(N * volumeOf(out) * TO);
  const [dx, dw] = [new Float64Array(x.length), new Float64Array(filter.length)];
  const cells = (shape: Vec3, visit: (cell: Vec3, index: number) => void) => {
    for (let a = 0, i = 0; a < shape[0]; a++)
      for (let b = 0; b < shape[1]; b++) for (let c = 0; c < shape[2]; c++, i++) visit([a, b, c], i);
  };
  for (let n = 0; n < N; n++)
    cells(out, (o, at) =>
      cells(kernel, (k, tap) => {
        const [z, yy, xx] = o.map((cell, i) => cell * strides[i]! - before[i]! + k[i]!) as unknown as Vec3;
        if (z < 0 || yy < 0 || xx < 0 || z >= space[0] || yy >= space[1] || xx >= space[2]) return;
        const voxel = ((n * space[0] + z) * space[1] + yy) * space[2] + xx;
        for (let from = 0; from < FROM; from++)
          for (let to = 0; to < TO; to++) {
            const [xi, wi] = [voxel * FROM + from, (tap * FROM + from) * TO + to];
            const yi = (n * volumeOf(out) + at) * TO + to;
            y[yi]! += x[xi]! * filter[wi]!;
            dx[xi]! += weights[yi]! * filter[wi]!;
            dw[wi]! += weights[yi]! * x[xi]!;
          }
      }),
    );
  return { y, dx, dw, out };
}

describe('conv3d and its gradients are those of the definition', () => {
  const cases: Record<string, Case> = {
    'a cube': { space: [4, 5, 6], kernel: [3, 3, 3], strides: [1, 1, 1] },
    anisotropic: { space: [3, 6, 5], kernel: [1, 3, 5], strides: [1, 1, 1] },
    'wider than the map': { space: [2, 3, 2], kernel: [5, 5, 5], strides: [1, 1, 1] },
    'strides above the kernel': { space: [4, 3, 8], kernel: [1, 2, 7], strides: [2, 3, 2] },
    'strides above a pointwise kernel': { space: [4, 5, 6], kernel: [1, 1, 1], strides: [2, 2, 2] },
    pointwise: { space: [3, 4, 5], kernel: [1, 1, 1], strides: [1, 1, 1] },
    patches: { space: [4, 6, 8], kernel: [2, 2, 2], strides: [2, 2, 2] },
    'patches in the plane': { space: [3, 6, 8], kernel: [1, 2, 2], strides: [1, 2, 2] },
    'strides below the kernel, odd sizes': { space: [5, 7, 6], kernel: [3, 5, 4], strides: [2, 2, 3] },
    'to fewer channels': { space: [4, 5, 6], kernel: [3, 3, 3], strides: [1, 1, 1], channels: [4, 2] },
    'to fewer, anisotropic': { space: [3, 6, 5], kernel: [1, 3, 5], strides: [1, 1, 1], channels: [3, 1] },
    'to fewer, with strides': { space: [5, 7, 6], kernel: [3, 3, 3], strides: [2, 2, 2], channels: [3, 2] },
    'to fewer, an even kernel': { space: [4, 5, 4], kernel: [2, 4, 2], strides: [1, 1, 1], channels: [3, 2] },
    'to fewer, wider than the map': {
      space: [2, 3, 2],
      kernel: [5, 5, 5],
      strides: [1, 1, 1],
      channels: [3, 2],
    },
    'an even kernel': { space: [4, 5, 4], kernel: [2, 4, 2], strides: [1, 1, 1] },
  };
  it.each(Object.keys(cases))('%s', (name) => {
    const test = cases[name]!;
    const [FROM, TO] = test.channels ?? WIDER;
    const [x, filter] = [uniform([N, ...test.space, FROM], 1), uniform([...test.kernel, FROM, TO], 2)];
    const out = test.space.map((size, i) => Math.ceil(size / test.strides[i]!));
    const weights = uniform([N, ...out, TO], 3);
    const expected = direct(test, x, filter, weights);
    const ops = new TensorOps(tf);
    const inputs = [tf.tensor(x, [N, ...test.space, FROM]), tf.tensor(filter, [...test.kernel, FROM, TO])];
    const y = ops.conv3d(inputs[0]!, inputs[1]!, undefined, test.strides);
    expect(y.shape).toEqual([N, ...expected.out, TO]);
    expect(relativeError(y.dataSync(), expected.y)).toBeLessThan(1e-5);
    const [dx, dw] = tf.grads((a, b) =>
      ops.conv3d(a!, b!, undefined, test.strides).mul(tf.tensor(weights, y.shape)).sum(),
    )(inputs);
    expect(relativeError(dx!.dataSync(), expected.dx), 'dx').toBeLessThan(1e-5);
    expect(relativeError(dw!.dataSync(), expected.dw), 'dw').toBeLessThan(1e-5);
  });

  it('go back to no input that nobody trains', async () => {
    const x = tf.tensor(uniform([1, 3, 3, 3, 2], 1), [1, 3, 3, 3, 2]);
    const filter = tf.tensor(uniform([3, 3, 3, 2, 1], 2), [3, 3, 3, 2, 1]);
    const ops = new TensorOps(tf);
    const { kernelNames } = await tf.profile(() =>
      tf.grad((w) => ops.conv3d(x, w, undefined, [1, 1, 1]))(filter),
    );
    expect(kernelNames).toContain('Conv3DBackpropFilterV2');
    expect(kernelNames).not.toContain('Conv3DBackpropInputV2');
  });

  it('adds its bias to every voxel', () => {
    const ops = new TensorOps(tf);
    const [x, filter] = [tf.zeros([1, 2, 2, 2, 1]), tf.zeros([3, 3, 3, 1, 2])];
    const y = ops.conv3d(x, filter, tf.tensor1d([3, -1]), [1, 1, 1]);
    expect([...y.dataSync()]).toEqual(Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 3 : -1)));
  });
});

describe('up-sampling', () => {
  const ops = new TensorOps(tf);
  it('repeats voxels along each axis by its factor, by hand', () => {
    const x = tf.tensor([1, 2, 3, 4], [1, 1, 2, 2, 1]);
    expect([...ops.upsample(x, [1, 1, 2]).dataSync()]).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect([...ops.upsample(x, [1, 2, 1]).dataSync()]).toEqual([1, 2, 1, 2, 3, 4, 3, 4]);
    expect([...ops.upsample(x, [2, 1, 1]).dataSync()]).toEqual([1, 2, 3, 4, 1, 2, 3, 4]);
  });

  it('gives back to a voxel the sum of its copies’ gradients', () => {
    const x = tf.tensor(uniform([2, 2, 2, 3, 2], 1), [2, 2, 2, 3, 2]);
    const weights = tf.tensor(uniform([2, 2, 6, 9, 2], 2), [2, 2, 6, 9, 2]);
    const gradient = tf.grad((a) => ops.upsample(a, [1, 3, 3]).mul(weights).sum())(x);
    const expected = weights.reshape([2, 2, 2, 3, 3, 3, 2]).sum([3, 5]);
    expect(relativeError(gradient.dataSync(), expected.dataSync())).toBeLessThan(1e-6);
  });
});

describe('constants', () => {
  it('are made once for each array of values, and are there in every scope', () => {
    const ops = new TensorOps(tf);
    const values = Float32Array.of(1, 2, 3, 4);
    tf.tidy(() => void ops.constant(values, [1, 4]));
    const before = tf.memory().numTensors;
    for (const shape of [
      [1, 4],
      [1, 2, 2],
    ])
      tf.tidy(() => {
        const constant = ops.constant(values, shape);
        expect(constant.shape).toEqual(shape);
        expect([...constant.dataSync()]).toEqual([1, 2, 3, 4]);
      });
    expect(tf.memory().numTensors).toBe(before);
  });
});

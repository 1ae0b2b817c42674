/** 3D convolution over NDHWC maps, with gradients of ours. */
import type * as tfjs from '@tensorflow/tfjs';
import type { Vec3 } from './ops.ts';
import { differentiable } from './tensor-ops-gradient.ts';
import type { Tf } from './tensor-ops.ts';

type Map = tfjs.Tensor5D;

/**
 * The convolution of `x` [n, z, y, x, in] with `filter` [kz, ky, kx, in, out], "same" padding as TensorFlow defines it. Kernels of one
 * voxel and stride 1 are matrix products and not for this function.
 */
export function convolve(tf: Tf, x: Map, filter: Map, strides: Vec3): Map {
  const kernel = filter.shape.slice(0, 3) as unknown as Vec3; // a filter's shape
  if (strides.some((stride, axis) => stride > kernel[axis]!))
    return tf.conv3d(padSame(tf, x, kernel, strides), filter, [...strides], 'valid');
  const [, , , from, to] = filter.shape;
  const odd = kernel.every((taps) => taps % 2 === 1);
  if (!odd || strides.some((stride) => stride !== 1) || from <= to)
    return tf.conv3d(x, filter, [...strides], 'same');
  return narrowing(tf, x, filter);
}

/**
 * A convolution to fewer channels. oneDNN's gradient by the filter runs at half the rate where there are more channels before than
 * after (32 to 16 over 64^3: 21 GFLOP/s a core, 16 to 32: 42, AVX2). The roles of a map and of the gradient
 * of the convolution's value can be exchanged, with strides of 1 and odd kernels:
 *
 *     dW[k, i, o] = sum_v x[v + k - c, i] dy[v, o] = sum_v dy[v + (K - 1 - k) - c, o] x[v, i]
 *
 * so the gradient of 32 to 16 is the one of 16 to 32, turned around.
 */
function narrowing(tf: Tf, x: Map, filter: Map): Map {
  const [kz, ky, kx, from, to] = filter.shape;
  const attributes = { strides: [1, 1, 1], pad: 'same' };
  const inputs = (map: Map, dy: tfjs.Tensor) => ({ x: map, dy });
  const run = (name: string, tensors: tfjs.NamedTensorMap, more: object) =>
    tf.engine().runKernel(name, tensors, { ...attributes, ...more }) as tfjs.Tensor; // one output
  return differentiable(
    tf,
    [x, filter],
    (save) => {
      save(x, filter);
      return tf.conv3d(x, filter, 1, 'same');
    },
    (dy, [map, weights]) => [
      () => run('Conv3DBackpropInputV2', { dy, filter: weights as Map }, { inputShape: x.shape }),
      () => {
        const turned = run('Conv3DBackpropFilterV2', inputs(dy as Map, map as Map), {
          filterShape: [kz, ky, kx, to, from],
        });
        return turned.reverse([0, 1, 2]).transpose([0, 1, 2, 4, 3]);
      },
    ],
  ) as Map;
}

/**
 * An NDHWC map with the zeros of padding "same" around it. Where a stride is above the kernel, TensorFlow.js 4.22 pads a
 * 3D convolution by a negative amount (2D has a max with 0): its cpu and webgpu kernels then read one cell too early.
 */
function padSame(tf: Tf, x: Map, kernel: Vec3, strides: Vec3): Map {
  const amounts = kernel.map((taps, axis): [number, number] => {
    const [size, stride] = [x.shape[axis + 1]!, strides[axis]!];
    const total = Math.max((Math.ceil(size / stride) - 1) * stride + taps - size, 0);
    return [Math.floor(total / 2), total - Math.floor(total / 2)];
  });
  return amounts.flat().some((amount) => amount > 0) ? tf.pad(x, [[0, 0], ...amounts, [0, 0]]) : x;
}

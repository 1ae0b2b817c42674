/**
 * 3D convolution with stride 1, "same" padding and an odd kernel, with its gradient written out.
 *
 * TensorFlow's own CPU kernels for the two gradients run at 3 to 8 GFLOP/s when channels are few (2.21, 8 -> 8 channels
 * at 64^3: 123 and 298 ms beside 26 ms forward). Both are ordinary operations in disguise:
 *
 * - with respect to the input: the convolution of dy with the filter flipped in space and transposed in channels
 *   (27 ms for the same case);
 * - with respect to the filter: one matrix product a tap, (input shifted by the tap)^T dy (74 ms).
 *
 * `npm run bench -- conv3d-gradient` prints both beside the kernels' own; the parity suite holds them to 1e-4.
 */
import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from './tensor-ops.ts';

type Dims5 = [number, number, number, number, number];

/** True where `conv3dSame` applies. */
export const isOddSame = (filter: tfjs.Tensor, strides: readonly number[]): boolean =>
  strides.every((stride) => stride === 1) && filter.shape.slice(0, 3).every((size) => size % 2 === 1);

/** x [n, z, y, x, in] with filter [kz, ky, kx, in, out] -> [n, z, y, x, out]. */
export function conv3dSame(tf: Tf, x: tfjs.Tensor, filter: tfjs.Tensor): tfjs.Tensor {
  const run = tf.customGrad((input, weights, save) => {
    // customGrad's types know tensors and a saver in one list; the order is the call's below
    const [xs, ws] = [input, weights] as [tfjs.Tensor5D, tfjs.Tensor5D];
    (save as tfjs.GradSaveFunc)([xs, ws]);
    return {
      value: tf.conv3d(xs, ws, 1, 'same'),
      gradFunc: (dy: tfjs.Tensor, saved: tfjs.Tensor[]) => {
        const [x0, w0] = saved as [tfjs.Tensor5D, tfjs.Tensor5D];
        return [
          inputGradient(tf, dy as tfjs.Tensor5D, w0),
          filterGradient(tf, x0, dy as tfjs.Tensor5D, w0.shape),
        ];
      },
    };
  });
  return run(x, filter);
}

function inputGradient(tf: Tf, dy: tfjs.Tensor5D, filter: tfjs.Tensor5D): tfjs.Tensor {
  const flipped = tf.transpose(tf.reverse(filter, [0, 1, 2]), [0, 1, 2, 4, 3]);
  return tf.conv3d(dy, flipped, 1, 'same');
}

function filterGradient(tf: Tf, x: tfjs.Tensor5D, dy: tfjs.Tensor5D, shape: Dims5): tfjs.Tensor {
  const [kz, ky, kx, channels, width] = shape;
  const [n, z, y, w] = x.shape;
  const half = (size: number): [number, number] => [(size - 1) / 2, (size - 1) / 2];
  const padded = tf.pad(x, [[0, 0], half(kz), half(ky), half(kx), [0, 0]]);
  const rows = n * z * y * w;
  const flatDy = dy.reshape<tfjs.Tensor2D>([rows, width]);
  const taps: tfjs.Tensor[] = [];
  for (let a = 0; a < kz; a++)
    for (let b = 0; b < ky; b++)
      for (let c = 0; c < kx; c++) {
        // tidied tap by tap: 27 shifted copies of a full-resolution map need not be alive at once
        const tap = tf.tidy(() => {
          const shifted = padded
            .slice([0, a, b, c, 0], [n, z, y, w, channels])
            .reshape<tfjs.Tensor2D>([rows, channels]);
          return tf.matMul(shifted, flatDy, true, false);
        });
        taps.push(tap);
      }
  return tf.stack(taps).reshape(shape);
}

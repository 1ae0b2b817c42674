/**
 * Element-wise sums and products that broadcast, with gradients of ours.
 *
 * TensorFlow.js sums the gradient of what was broadcast over all its axes in one go. TensorFlow's kernel does that by a
 * transposition where they do not lie together: [2, 3, 4096, 160] -> [1, 3, 1, 160] takes 21 ms of a processor, and 3 one group of
 * neighbouring axes after the other.
 */
import type * as tfjs from '@tensorflow/tfjs';
import { differentiable } from './tensor-ops-gradient.ts';
import type { Tf } from './tensor-ops.ts';

type Tensor = tfjs.Tensor;

export function add(tf: Tf, a: Tensor, b: Tensor): Tensor {
  if (sameShape(a, b)) return tf.add(a, b);
  return differentiable(
    tf,
    [a, b],
    () => tf.add(a, b),
    (dy) => [() => sumTo(dy, a.shape), () => sumTo(dy, b.shape)],
  );
}

export function subtract(tf: Tf, a: Tensor, b: Tensor): Tensor {
  if (sameShape(a, b)) return tf.sub(a, b);
  return differentiable(
    tf,
    [a, b],
    () => tf.sub(a, b),
    (dy) => [() => sumTo(dy, a.shape), () => sumTo(dy, b.shape).neg()],
  );
}

export function multiply(tf: Tf, a: Tensor, b: Tensor): Tensor {
  if (sameShape(a, b)) return tf.mul(a, b);
  return differentiable(
    tf,
    [a, b],
    (save) => {
      save(a, b);
      return tf.mul(a, b);
    },
    (dy, [left, right]) => [
      () => sumTo(dy.mul(right as Tensor), a.shape), // both were saved
      () => sumTo(dy.mul(left as Tensor), b.shape),
    ],
  );
}

const sameShape = (a: Tensor, b: Tensor): boolean => String(a.shape) === String(b.shape);

/** `x` summed over what a value of `shape` was broadcast along. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const missing = x.shape.length - shape.length;
  let out = x;
  // the last group first: what is left to sum is then the smallest
  for (let end = x.shape.length; end > 0;) {
    const reduced = (axis: number) => (shape[axis - missing] ?? 1) === 1 && x.shape[axis] !== 1;
    let start = end - 1;
    if (reduced(start)) {
      while (start > 0 && reduced(start - 1)) start--;
      const before = size(x.shape.slice(0, start));
      const group = size(x.shape.slice(start, end));
      out = out.reshape([before, group, out.size / before / group]).sum(1);
    }
    end = start;
  }
  return String(out.shape) === String(shape) ? out.clone() : out.reshape([...shape]);
}

const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

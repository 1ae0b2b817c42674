import type * as tfjs from '@tensorflow/tfjs';
import { uniform } from '../network/small.fixture.ts';
import type { Shape } from './ops.ts';
import type { TensorOps, Tf } from './tensor-ops.ts';

type Tensor = tfjs.Tensor;

/** An operation with a gradient of ours, and the same composed of TensorFlow.js' own. */
export interface GradientCase {
  readonly inputs: readonly Shape[];
  readonly ours: (ops: TensorOps, inputs: readonly Tensor[]) => Tensor;
  readonly theirs: (tf: Tf, inputs: readonly Tensor[]) => Tensor;
}

const broadcasts: Record<string, readonly [Shape, Shape]> = {
  'a parameter of each scan order': [
    [2, 3, 5, 4],
    [1, 3, 1, 4],
  ],
  'a bias': [[2, 3, 4], [4]],
  'a number': [[2, 3, 4], [1]],
  'a number a row': [
    [2, 3, 4],
    [2, 3, 1],
  ],
  'both sides': [
    [3, 1, 4, 1],
    [1, 2, 1, 5],
  ],
  'axes apart': [
    [2, 3, 4, 3, 2],
    [1, 3, 1, 3, 1],
  ],
  'the left side': [[4], [2, 3, 4]],
  nothing: [
    [2, 3],
    [2, 3],
  ],
};

/** Every operation whose gradient is not TensorFlow.js' own. */
export const gradientCases: Record<string, GradientCase> = {
  relu: {
    inputs: [[2, 3, 4, 5, 2]],
    ours: (ops, [x]) => ops.relu(x!),
    theirs: (tf, [x]) => tf.relu(x!),
  },
  'conv3d to fewer channels': {
    inputs: [
      [2, 4, 5, 6, 8],
      [3, 3, 3, 8, 4],
    ],
    ours: (ops, [x, w]) => ops.conv3d(x!, w!, undefined, [1, 1, 1]),
    theirs: (tf, [x, w]) => tf.conv3d(x as tfjs.Tensor5D, w as tfjs.Tensor5D, 1, 'same'),
  },
  'conv3d to fewer channels, anisotropic': {
    inputs: [
      [1, 4, 5, 6, 4],
      [1, 3, 5, 4, 2],
    ],
    ours: (ops, [x, w]) => ops.conv3d(x!, w!, undefined, [1, 1, 1]),
    theirs: (tf, [x, w]) => tf.conv3d(x as tfjs.Tensor5D, w as tfjs.Tensor5D, 1, 'same'),
  },
};
for (const [name, inputs] of Object.entries(broadcasts)) {
  gradientCases[`add, broadcast: ${name}`] = {
    inputs,
    ours: (ops, [a, b]) => ops.add(a!, b!),
    theirs: (tf, [a, b]) => tf.add(a!, b!),
  };
  gradientCases[`subtract, broadcast: ${name}`] = {
    inputs,
    ours: (ops, [a, b]) => ops.subtract(a!, b!),
    theirs: (tf, [a, b]) => tf.sub(a!, b!),
  };
  gradientCases[`multiply, broadcast: ${name}`] = {
    inputs,
    ours: (ops, [a, b]) => ops.multiply(a!, b!),
    theirs: (tf, [a, b]) => tf.mul(a!, b!),
  };
}

/** The value and the gradients of a weighted sum of it, in that order. */
export function differentiate(
  tf: Tf,
  shapes: readonly Shape[],
  run: (inputs: readonly Tensor[]) => Tensor,
): Float32Array[] {
  return tf.tidy(() => {
    const inputs = shapes.map((shape, i) => tf.tensor(uniform(shape, 1 + i), [...shape]));
    const value = run(inputs);
    const weights = tf.tensor(uniform(value.shape, 9), value.shape);
    const gradients = tf.grads((...xs) => run(xs).mul(weights).sum())(inputs);
    return [value, ...gradients].map((tensor) => tensor.dataSync() as Float32Array); // of float32
  });
}

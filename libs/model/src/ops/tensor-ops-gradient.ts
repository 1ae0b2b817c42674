import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from './tensor-ops.ts';

type Tensor = tfjs.Tensor;

/** The engine's function under `tf.customGrad`, with the parts of it that are used here. */
interface Engine {
  runKernelFunc(call: {
    readonly inputs: Readonly<Record<string, Tensor>>;
    readonly forwardFunc: (backend: unknown, save: (tensors: Tensor[]) => void) => Tensor;
    readonly backwardsFunc: (dy: Tensor, saved: Tensor[]) => Record<string, () => Tensor>;
  }): Tensor;
}

/**
 * `forward` with gradients of ours: like `tf.customGrad`, which works out the gradients of all inputs, asked for or not,
 * and keeps what they make on their way until the whole step ends. Here each is a function that is called when
 * it is asked for, in a scope of its own. The crop needs no gradient, whose convolution back to one channel takes as long as
 * three others.
 *
 * @param gradients of each of `inputs`, in that order, given the gradient of the value and what `forward` saved
 */
export function differentiable(
  tf: Tf,
  inputs: readonly Tensor[],
  forward: (save: (...tensors: Tensor[]) => void) => Tensor,
  gradients: (dy: Tensor, saved: readonly Tensor[]) => readonly (() => Tensor)[],
): Tensor {
  // marked private in the types, since `tf.customGrad` is the way to it for others
  const engine = tf.engine() as unknown as Engine;
  const named = <T>(values: readonly T[]) => Object.fromEntries(values.map((value, i) => [String(i), value]));
  return engine.runKernelFunc({
    inputs: named(inputs),
    forwardFunc: (_, save) => forward((...tensors) => save(tensors)),
    backwardsFunc: (dy, saved) => named(gradients(dy, saved)),
  });
}

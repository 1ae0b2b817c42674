import type * as tfjs from '@tensorflow/tfjs';
import type { Tf } from './tensor-ops.ts';

type Tensor = tfjs.Tensor;
type Tape = ReturnType<Tf['engine']>['state']['activeTape'];

/**
 * Reverse-mode gradients as TensorFlow.js computes them, in the same order and with the same numbers, but of the memory
 * that is needed: `tf.grads` keeps everything saved for the way back, and the gradient of every tensor on it, until all
 * is done; here each goes when the last that reads it has run. And it may run inside the gradient of a `customGrad`:
 * TensorFlow.js has one tape, which its own functions would replace there.
 *
 * First-order only.
 *
 * @param dy the gradient of what `run` returns; absent: ones
 * @returns a gradient for each of `xs`, undefined for what does not lead to the result
 */
export function leanGradients(
  tf: Tf,
  run: () => Tensor,
  xs: readonly Tensor[],
  dy?: Tensor,
): { readonly value: Tensor; readonly grads: readonly (Tensor | undefined)[] } {
  const { value, tape } = record(tf, run);
  let grads: (Tensor | undefined)[] = [];
  try {
    tf.tidy(() => {
      grads = backpropagate(tf, tape, value, xs, dy);
      return grads.filter((grad) => grad !== undefined); // these outlive it
    });
  } finally {
    dispose(tf, tape); // of what is left when it fails
  }
  return { value, grads };
}

function record(tf: Tf, run: () => Tensor): { value: Tensor; tape: Tape } {
  const { state } = tf.engine();
  const outer = state.activeTape;
  const tape: Tape = [];
  state.activeTape = tape;
  state.gradientDepth++;
  try {
    return { value: tf.tidy(run), tape };
  } catch (error) {
    dispose(tf, tape);
    throw error;
  } finally {
    state.gradientDepth--;
    state.activeTape = outer;
  }
}

function backpropagate(
  tf: Tf,
  tape: Tape,
  value: Tensor,
  xs: readonly Tensor[],
  dy: Tensor | undefined,
): (Tensor | undefined)[] {
  const fromInputs = new Set(xs.map(({ id }) => id));
  for (const { inputs, outputs } of tape)
    if (Object.values(inputs).some(({ id }) => fromInputs.has(id)))
      for (const { id } of outputs) fromInputs.add(id);

  const gradients = new Map<number, Tensor>([[value.id, dy ? dy.clone() : tf.ones(value.shape)]]);
  for (const node of tape.toReversed()) {
    const names = Object.keys(node.inputs).filter((name) => fromInputs.has(node.inputs[name]!.id));
    const dys = node.outputs.map(({ id }) => gradients.get(id));
    if (names.length > 0 && dys.some((given) => given !== undefined)) {
      if (!node.gradient)
        throw new Error(`TensorFlow.js has no gradient of ${node.kernelName}: compose it of others.`);
      const { gradient } = node;
      const dxs = tf.tidy(() => {
        // it makes zeros of what is missing, whatever its type says
        const of = gradient(dys as Tensor[]);
        // a copy (of the handle, not of the numbers): a gradient may be the one that came in, or one for two inputs
        return names.map((name) => tf.tidy(() => of[name]!().clone()));
      });
      // of an output first, so that the gradient of an input that is an output too stays
      for (const { id } of node.outputs) forget(gradients, id);
      names.forEach((name, i) => add(tf, gradients, node.inputs[name]!.id, dxs[i]!));
    }
    dispose(tf, [node]);
  }
  return xs.map((x) => gradients.get(x.id)?.clone()); // an x may be asked for twice
}

/** Saved tensors are kept: no scope frees them. */
function dispose(tf: Tf, nodes: Tape): void {
  for (const { saved } of nodes) tf.dispose(saved ?? []);
}

function add(tf: Tf, gradients: Map<number, Tensor>, id: number, gradient: Tensor): void {
  const before = gradients.get(id);
  gradients.set(id, before ? tf.add(before, gradient) : gradient);
  if (before) {
    before.dispose();
    gradient.dispose();
  }
}

function forget(gradients: Map<number, Tensor>, id: number): void {
  gradients.get(id)?.dispose();
  gradients.delete(id);
}

/**
 * Recomputation of activations (Chen et al. 2016, arXiv 1604.06174): of a segment of the network only inputs and outputs
 * are kept; what lies between is dropped after the forward pass and computed again when its gradient is due. About a
 * third more arithmetic for a step, and memory for the boundaries of the segments plus the largest of them.
 */
import type * as tfjs from '@tensorflow/tfjs';
import type { ParameterSource } from '../network/parameters.ts';
import { leanGradients } from './recompute-gradients.ts';
import { TensorOps, type Tf } from './tensor-ops.ts';

type Tensor = tfjs.Tensor;
type Source = ParameterSource<Tensor>;
/** A part of the network: reads its weights from `p` only, and maps from `inputs` only. */
export type SegmentBody = (p: Source, inputs: readonly Tensor[]) => readonly Tensor[];

/** The same operations, with segments recomputed; one for each `ops`, since it keeps constants. */
export function recomputing(ops: TensorOps): RecomputingOps {
  let found = made.get(ops);
  if (!found) made.set(ops, (found = new RecomputingOps(ops.tf)));
  return found;
}
const made = new WeakMap<TensorOps, RecomputingOps>();

export class RecomputingOps extends TensorOps {
  recompute(p: Source, inputs: readonly Tensor[], body: SegmentBody): readonly Tensor[] {
    return recompute(this.tf, p, inputs, body);
  }
}

/**
 * Runs `body` without keeping what it computes on the way. Its gradient goes to `inputs` and to every weight that it
 * asked `p` for; to nothing else, so a body that reads a variable or a map from outside trains it wrongly. What `p`
 * answers with must outlive the gradient, as variables do. First-order gradients only.
 */
export function recompute(
  tf: Tf,
  p: Source,
  inputs: readonly Tensor[],
  body: SegmentBody,
): readonly Tensor[] {
  const weights = new Map<string, Tensor>();
  const recorder: Source = {
    get(name, shape, init) {
      const known = weights.get(name);
      if (known) return known;
      const weight = p.get(name, shape, init);
      weights.set(name, weight);
      return weight;
    },
  };
  // The weights must be inputs of the operation that is differentiated, and are known only after a run. TensorFlow.js
  // records nothing inside a `customGrad`; this one is a node that leads nowhere, since the next answers with a copy.
  const shapes: number[][] = [];
  const once = tf.customGrad((...args) => {
    args.pop(); // the saver
    const outputs = body(recorder, args as Tensor[]);
    for (const { shape } of outputs) shapes.push(shape);
    return { value: pack(tf, outputs), gradFunc: () => [] };
  });
  const value = once(...inputs);

  const segment = tf.customGrad((...args) => {
    const save = args.pop() as unknown as tfjs.GradSaveFunc; // the types know tensors only
    save((args as Tensor[]).slice(0, inputs.length));
    const gradFunc = (dy: Tensor, saved: Tensor[]): Tensor[] => {
      const replay: Source = { get: (name) => weights.get(name)! }; // a pure body asks for the same
      const xs = [...saved, ...weights.values()];
      const { value: again, grads } = leanGradients(tf, () => pack(tf, body(replay, saved)), xs, dy);
      again.dispose();
      return grads.map((grad, i) => grad ?? tf.zerosLike(xs[i]!));
    };
    return { value: value.clone(), gradFunc };
  });
  const packed = segment(...inputs, ...weights.values());
  value.dispose();
  return unpack(tf, packed, shapes);
}

/** A custom gradient has one result: several are laid end to end. */
function pack(tf: Tf, outputs: readonly Tensor[]): Tensor {
  if (outputs.length === 1) return outputs[0]!.clone(); // an input may come back as it is
  return tf.concat1d(outputs.map((output) => output.reshape([output.size]) as tfjs.Tensor1D));
}

function unpack(tf: Tf, packed: Tensor, shapes: readonly number[][]): readonly Tensor[] {
  if (shapes.length === 1) return [packed];
  let at = 0;
  return shapes.map((shape) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const part = tf.slice(packed, [at], [size]).reshape(shape);
    at += size;
    return part;
  });
}

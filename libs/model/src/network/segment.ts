import type { Ops } from '../ops/ops.ts';
import type { ParameterSource } from './parameters.ts';

/**
 * A part of the network whose inner activations need not outlive it: an engine that trains with recomputation keeps
 * `inputs` alone and runs `body` again when the gradient asks for what was inside (Chen et al. 2016, "Training deep
 * nets with sublinear memory cost"). Everything else runs `body` once, as if this function were not there.
 *
 * `body` must be pure: the same inputs and weights give the same outputs, and nothing outside them is read. It takes
 * its weights from the source it is given, so that the engine knows which ones its gradient is for.
 *
 * @param inputs maps or arrays, whatever of the network's values the body reads
 * @returns what `body` returns, in its order
 * @example
 * const [out] = segment(ops, scoped(p, 'stem'), [crop], (at, [x]) => [convolution(ops, at, x!, options)]);
 */
export function segment<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  inputs: readonly T[],
  body: (p: ParameterSource<T>, inputs: readonly T[]) => readonly T[],
): readonly T[] {
  return ops.recompute ? ops.recompute(p, inputs, body) : body(p, inputs);
}

/** `segment` of one value to one value: what most layers are. */
export function segmentOf<T>(
  ops: Ops<T>,
  p: ParameterSource<T>,
  x: T,
  body: (p: ParameterSource<T>, x: T) => T,
): T {
  return segment(ops, p, [x], (at, inputs) => [body(at, inputs[0] as T)])[0] as T; // one in, one out
}

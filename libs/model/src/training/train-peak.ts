import type { Tf } from '../ops/tensor-ops.ts';

/**
 * The most bytes of tensors that were alive at once while `run` ran, counted at every tensor that is made: weights,
 * moments, activations and gradients. What a kernel needs for itself while it runs, and what an engine keeps in reserve,
 * is not in it. Works on every engine, at the cost of a function call a tensor.
 *
 * @returns bytes, those alive before `run` included
 * @example
 * const { peak } = await countPeakBytes(tf, () => run.next());
 */
export async function countPeakBytes<R>(
  tf: Tf,
  run: () => Promise<R> | R,
): Promise<{ readonly result: R; readonly peak: number }> {
  const { state } = tf.engine();
  // TensorFlow.js keeps this one number up to date and has no hook; `tf.profile` would read every tensor back.
  const before = Object.getOwnPropertyDescriptor(state, 'numBytes')!;
  let now = state.numBytes;
  let peak = now;
  Object.defineProperty(state, 'numBytes', {
    configurable: true,
    enumerable: true,
    get: () => now,
    set(bytes: number) {
      now = bytes;
      if (bytes > peak) peak = bytes;
      before.set?.(bytes); // somebody else counts too
    },
  });
  try {
    const result = await run();
    return { result, peak };
  } finally {
    Object.defineProperty(state, 'numBytes', before.set ? before : { ...before, value: now });
  }
}

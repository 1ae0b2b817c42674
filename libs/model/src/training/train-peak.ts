import type { Tf } from '../ops/tensor-ops.ts';

/**
 * The most bytes of tensors that were alive at once while `run` ran: weights, moments, activations and gradients that it
 * made, less what it gave back of what was there before. What a kernel takes for itself while it runs, and what an engine
 * keeps in reserve, is not in it. The same number on every engine.
 *
 * Not `tf.memory().numBytes`: that counts a reshaped tensor again, although it shares its buffer, and comes to about twice
 * as much.
 *
 * @example
 * const { peak } = await countPeakBytes(tf, () => run.next()); // peak / 2 ** 30 GiB
 */
export async function countPeakBytes<R>(
  tf: Tf,
  run: () => Promise<R> | R,
): Promise<{ readonly result: R; readonly peak: number }> {
  // TensorFlow.js has no hook; it enters every buffer here once, and takes it out when the last tensor on it is gone.
  const buffers = tf.engine().state.tensorInfo;
  const { set, delete: remove } = buffers;
  const bytesOf = ({ shape, dtype }: { shape: number[]; dtype: Parameters<Tf['zeros']>[1] }): number =>
    dtype === undefined || dtype === 'string'
      ? 0
      : tf.util.sizeFromShape(shape) * tf.util.bytesPerElement(dtype);
  let [now, peak] = [0, 0];
  buffers.set = function (id, info) {
    if (!this.has(id)) peak = Math.max(peak, (now += bytesOf(info)));
    return set.call(this, id, info);
  };
  buffers.delete = function (id) {
    const info = this.get(id);
    if (info) now -= bytesOf(info);
    return remove.call(this, id);
  };
  try {
    return { result: await run(), peak };
  } finally {
    Object.assign(buffers, { set, delete: remove });
  }
}

import type * as tfjs from '@tensorflow/tfjs';

/**
 * Instance normalisation over z, y, x of an NDHWC map, with its gradient written out.
 *
 * Composed from `moments`, TensorFlow.js runs some 25 kernels over the whole map, forward and back; the closed form
 * (Ioffe and Szegedy 2015, section 3, per sample instead of per batch) takes 12.
 */
export function instanceNorm(
  tf: typeof tfjs,
  x: tfjs.Tensor,
  gain: tfjs.Tensor,
  offset: tfjs.Tensor,
  epsilon: number,
): tfjs.Tensor {
  const [batch, z, y, w, channels] = x.shape as [number, number, number, number, number]; // maps are NDHWC
  const rows = [batch, z * y * w, channels] as const;
  const normalise = tf.customGrad((xs, gains, offsets, save) => {
    // customGrad's types know tensors and a saver in one list; the order is the call's below
    const [input, scale, shift] = [xs, gains, offsets] as tfjs.Tensor[] as [
      tfjs.Tensor,
      tfjs.Tensor,
      tfjs.Tensor,
    ];
    const flat = input.reshape([...rows]);
    const centred = flat.sub(flat.mean(1, true));
    const inverse = centred.square().mean(1, true).add(epsilon).rsqrt();
    const normal = centred.mul(inverse);
    (save as tfjs.GradSaveFunc)([normal, inverse, scale]);
    return {
      value: normal.mul(scale).add(shift).reshape(input.shape),
      gradFunc: (dy: tfjs.Tensor, saved: tfjs.Tensor[]) => {
        const [unit, factor, g] = saved as [tfjs.Tensor, tfjs.Tensor, tfjs.Tensor];
        const d = dy.reshape([...rows]);
        const dOffset = d.sum([1]);
        const dGain = d.mul(unit).sum([1]);
        const count = rows[1];
        const dx = d
          .sub(dOffset.div(count).expandDims(1))
          .sub(unit.mul(dGain.div(count).expandDims(1)))
          .mul(factor.mul(g))
          .reshape(input.shape);
        return [dx, dGain.sum(0), dOffset.sum(0)];
      },
    };
  });
  return normalise(x, gain, offset);
}

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
  // In two steps: summing 64^3 float32 values in one go loses 30 times more (1e-5 of a unit-variance map against 3e-7),
  // which sharp logits turn into a difference between engine and ONNX Runtime.
  const mean = (t: tfjs.Tensor) =>
    t
      .reshape([batch, z, y * w, channels])
      .mean(2)
      .mean(1, true);
  const normalise = tf.customGrad((xs, gains, offsets, save) => {
    // customGrad's types know tensors and a saver in one list; the order is the call's below
    const [input, scale, shift] = [xs, gains, offsets] as tfjs.Tensor[] as [
      tfjs.Tensor,
      tfjs.Tensor,
      tfjs.Tensor,
    ];
    const flat = input.reshape([...rows]);
    const centred = flat.sub(mean(flat));
    const inverse = mean(centred.square()).add(epsilon).rsqrt();
    const normal = centred.mul(inverse);
    (save as tfjs.GradSaveFunc)([normal, inverse, scale]);
    return {
      value: normal.mul(scale).add(shift).reshape(input.shape),
      // tidy: TensorFlow.js would keep what a custom gradient makes on its way until the whole step ends
      gradFunc: (dy: tfjs.Tensor, saved: tfjs.Tensor[]) =>
        tf.tidy(() => {
          const [unit, factor, g] = saved as [tfjs.Tensor, tfjs.Tensor, tfjs.Tensor];
          const count = rows[1];
          const d = dy.reshape([...rows]);
          const meanOffset = mean(d); // [batch, 1, channels]
          const meanGain = mean(d.mul(unit));
          const dx = d.sub(meanOffset).sub(unit.mul(meanGain)).mul(factor.mul(g)).reshape(input.shape);
          return [dx, meanGain.mul(count).sum([0, 1]), meanOffset.mul(count).sum([0, 1])];
        }),
    };
  });
  return normalise(x, gain, offset);
}

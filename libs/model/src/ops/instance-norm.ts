import type * as tfjs from '@tensorflow/tfjs';

/**
 * Instance normalisation over z, y, x of an NDHWC map, with its gradient written out.
 *
 * Composed from `moments`, TensorFlow.js runs some 25 kernels over the whole map, forward and back; the closed form
 * (Ioffe and Szegedy 2015, section 3, per sample instead of per batch) takes 12. Scale and offset are worked out for each
 * channel before they meet the map; the map is centred before it is squared or multiplied, so that nothing cancels.
 * TensorFlow's own fused kernel (FusedBatchNormV3) is no faster and sums 64^3 values in one go: 1.7e-4 off.
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
    (save as tfjs.GradSaveFunc)([centred, inverse, scale]);
    return {
      value: centred.mul(inverse.mul(scale)).add(shift).reshape(input.shape),
      // tidy: TensorFlow.js would keep what a custom gradient makes on its way until the whole step ends
      gradFunc: (dy: tfjs.Tensor, saved: tfjs.Tensor[]) =>
        tf.tidy(() => {
          const [apart, factor, g] = saved as [tfjs.Tensor, tfjs.Tensor, tfjs.Tensor];
          const count = rows[1];
          const d = dy.reshape([...rows]);
          const meanOffset = mean(d); // [batch, 1, channels], as all that is no map
          const meanGain = mean(d.mul(apart)).mul(factor);
          const slope = factor.mul(g);
          const along = slope.mul(factor).mul(meanGain);
          const dx = d.mul(slope).sub(apart.mul(along)).sub(slope.mul(meanOffset)).reshape(input.shape);
          return [dx, meanGain.mul(count).sum([0, 1]), meanOffset.mul(count).sum([0, 1])];
        }),
    };
  });
  return normalise(x, gain, offset);
}

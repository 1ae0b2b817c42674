import type * as tfjs from '@tensorflow/tfjs';
import { instanceNorm } from './instance-norm.ts';
import type { MapShape, Ops, Shape, Vec3 } from './ops.ts';
import { add, multiply, subtract } from './tensor-ops-broadcast.ts';
import { convolve } from './tensor-ops-convolution.ts';
import { relu } from './tensor-ops-relu.ts';

export type Tf = typeof tfjs;
type Tensor = tfjs.Tensor;

/** `Ops` on TensorFlow.js tensors: what the training engines run. Maps are NDHWC. */
export class TensorOps implements Ops<Tensor> {
  readonly tf: Tf;
  readonly #constants = new WeakMap<Float32Array, Tensor>();

  constructor(tf: Tf) {
    this.tf = tf;
  }

  shapeOf(x: Tensor): Shape {
    return x.shape;
  }
  /** Kept per array of values, for good: the scan's masks are asked for in every layer of every step. */
  constant(values: Float32Array, shape: Shape): Tensor {
    const known = this.#constants.get(values);
    if (known && !known.isDisposed) return known.reshape([...shape]);
    const made = this.tf.keep(this.tf.tensor(values, [...shape], 'float32'));
    this.#constants.set(values, made);
    return made;
  }

  add(a: Tensor, b: Tensor): Tensor {
    return add(this.tf, a, b);
  }
  subtract(a: Tensor, b: Tensor): Tensor {
    return subtract(this.tf, a, b);
  }
  multiply(a: Tensor, b: Tensor): Tensor {
    return multiply(this.tf, a, b);
  }
  divide(a: Tensor, b: Tensor): Tensor {
    return this.tf.div(a, b);
  }
  exp(x: Tensor): Tensor {
    return this.tf.exp(x);
  }
  sqrt(x: Tensor): Tensor {
    return this.tf.sqrt(x);
  }
  relu(x: Tensor): Tensor {
    return relu(this.tf, x);
  }
  sigmoid(x: Tensor): Tensor {
    return this.tf.sigmoid(x);
  }
  softplus(x: Tensor): Tensor {
    return this.tf.softplus(x);
  }
  softmax(x: Tensor): Tensor {
    return this.tf.softmax(x);
  }

  dense(x: Tensor, w: Tensor): Tensor {
    const rows = x.size / x.shape.at(-1)!;
    const flat = this.tf.matMul(x.reshape([rows, x.shape.at(-1)!]), w as tfjs.Tensor2D);
    return flat.reshape([...x.shape.slice(0, -1), w.shape[1]!]);
  }
  /** Leading axes are folded into one: the cpu kernel knows one batch axis only. */
  matmul(a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
    const fold = (x: Tensor) =>
      x.reshape([x.size / (x.shape.at(-1)! * x.shape.at(-2)!), x.shape.at(-2)!, x.shape.at(-1)!]);
    const out = this.tf.matMul(fold(a), fold(b), options.transposeA ?? false, options.transposeB ?? false);
    return out.reshape([...a.shape.slice(0, -2), out.shape[1]!, out.shape[2]!]);
  }
  meanLast(x: Tensor): Tensor {
    return this.tf.mean(x, -1, true);
  }
  sum(x: Tensor, axis: number): Tensor {
    return this.tf.sum(x, axis);
  }

  reshape(x: Tensor, shape: Shape): Tensor {
    return x.reshape([...shape]);
  }
  transpose(x: Tensor, axes: readonly number[]): Tensor {
    return this.tf.transpose(x, [...axes]);
  }
  concat(xs: readonly Tensor[], axis: number): Tensor {
    return this.tf.concat([...xs], axis);
  }
  slice(x: Tensor, axis: number, start: number, size: number): Tensor {
    const begin = x.shape.map((_, i) => (i === axis ? start : 0));
    const sizes = x.shape.map((full, i) => (i === axis ? size : full));
    return this.tf.slice(x, begin, sizes);
  }
  pad(x: Tensor, axis: number, before: number, after: number): Tensor {
    if (before === 0 && after === 0) return x;
    return this.tf.pad(
      x,
      x.shape.map((_, i): [number, number] => (i === axis ? [before, after] : [0, 0])),
    );
  }
  reverse(x: Tensor, axis: number): Tensor {
    return this.tf.reverse(x, axis);
  }
  repeatBatch(x: Tensor, like: Tensor): Tensor {
    return like.shape[0] === 1 ? x : this.tf.broadcastTo(x, [like.shape[0]!, ...x.shape.slice(1)]);
  }

  mapShape(x: Tensor): MapShape {
    const [batch, z, y, xSize, channels] = x.shape as [number, number, number, number, number]; // maps are NDHWC
    return { batch, channels, space: [z, y, xSize] };
  }
  conv3d(x: Tensor, filter: Tensor, bias: Tensor | undefined, strides: Vec3): Tensor {
    const out = this.#convolve(x, filter, strides);
    return bias ? this.add(out, bias) : out;
  }
  #convolve(x: Tensor, filter: Tensor, strides: Vec3): Tensor {
    const [kz, ky, kx, from, to] = filter.shape as [number, number, number, number, number]; // a filter's shape
    // A 1x1x1 convolution is a matrix product, which every engine does faster.
    if (kz * ky * kx === 1 && strides.every((stride) => stride === 1))
      return this.dense(x, filter.reshape([from, to]));
    return convolve(this.tf, x as tfjs.Tensor5D, filter as tfjs.Tensor5D, strides);
  }
  instanceNorm(x: Tensor, gain: Tensor, offset: Tensor, epsilon: number): Tensor {
    return instanceNorm(this.tf, x, gain, offset, epsilon);
  }
  /** One axis at a time by concatenation: `tile` has no gradient above rank 4. */
  upsample(x: Tensor, factors: Vec3): Tensor {
    let out = x;
    factors.forEach((factor, axis) => {
      if (factor === 1) return;
      const shape = out.shape;
      const outer = shape.slice(0, axis + 2).reduce((p, s) => p * s, 1);
      const rows = out.reshape([outer, 1, out.size / outer]);
      const repeated = this.tf.concat(
        Array.from({ length: factor }, () => rows),
        1,
      );
      out = repeated.reshape(shape.map((size, i) => (i === axis + 1 ? size * factor : size)));
    });
    return out;
  }
  concatChannels(xs: readonly Tensor[]): Tensor {
    return this.tf.concat([...xs], 4);
  }
  toTokens(x: Tensor): Tensor {
    const { batch, channels, space } = this.mapShape(x);
    return x.reshape([batch, space[0] * space[1] * space[2], channels]);
  }
  fromTokens(x: Tensor, space: Vec3): Tensor {
    return x.reshape([x.shape[0]!, ...space, x.shape[2]!]);
  }
}

import type { Engine } from '@tokenunify/model';
import { costOf, least, type Cost } from './cost.ts';

type Tf = Engine['tf'];
type Tensor = ReturnType<Tf['ones']>;
type Map = ReturnType<Tf['tensor5d']>;

/** A piece of work whose rate is wanted. */
export interface Kernel {
  readonly name: string;
  readonly flops: number;
  run(): Promise<void>;
  dispose(): void;
}

/** Best of two: one may have met a busy moment. */
export async function costOfKernel(kernel: Kernel): Promise<Cost> {
  return least([await costOf(() => kernel.run()), await costOf(() => kernel.run())]);
}

/**
 * What the engine does fastest, in fp32: a square matrix product, and 3 x 3 x 3 convolutions with both their gradients, which
 * is three times the operations. No training step made of them can be faster.
 */
export function engineCeilings(engine: Engine): { readonly matmul: Kernel; readonly convolutions: Kernel[] } {
  const { tf } = engine;
  const side = 1024;
  const a = tf.randomNormal([side, side]);
  const done = async (out: Tensor | Tensor[]) => {
    // one number of each result: it waits for all of it
    const ends = tf.tidy(() => [out].flat().map((tensor) => tensor.flatten().slice(0, 1)));
    await Promise.all(ends.map((end) => end.data()));
    tf.dispose([ends, out]);
  };
  const convolution = (batch: number, cube: number, channels: number): Kernel => {
    type Shape = [number, number, number, number, number];
    const random = (...shape: Shape): Map => tf.randomNormal(shape);
    const x = random(batch, cube, cube, cube, channels);
    const w = random(3, 3, 3, channels, channels);
    const dy = tf.onesLike(x);
    const gradients = tf.grads((input, filter) => tf.conv3d(input as Map, filter as Map, 1, 'same'));
    return {
      name: `3D convolution and gradients, ${channels} channels`,
      flops: 3 * 2 * batch * cube ** 3 * 27 * channels ** 2,
      run: () => (engine.activate(), done(gradients([x, w], dy))),
      dispose: () => tf.dispose([x, w, dy]),
    };
  };
  return {
    matmul: {
      name: 'matrix product of 1024',
      flops: 2 * side ** 3,
      run: () => (engine.activate(), done(tf.matMul(a, a))),
      dispose: () => a.dispose(),
    },
    convolutions: [convolution(2, 48, 16), convolution(2, 32, 32), convolution(2, 16, 64)],
  };
}

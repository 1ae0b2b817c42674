import type { Rank, ShapeMap, Tensor } from '@tensorflow/tfjs';
import type { Tf } from '../ops/tensor-ops.ts';
import type { Engine } from './engine.ts';

export interface EngineSpeed {
  readonly matmulGflops: number;
  readonly conv3dGflops: number;
}

type Clock = () => number;
const clock: Clock = () => performance.now();

/**
 * Side of a square matrix and of a cube of voxels: about ten milliseconds of work, so that the start of an operation does
 * not count and nobody waits. By what computes, not by the engine: TensorFlow runs on both.
 */
function sizesFor({ name, device }: Engine): { side: number; cube: number } {
  if (device.kind === 'gpu') return { side: 4096, cube: 96 };
  return name === 'tensorflow' ? { side: 1024, cube: 48 } : { side: 256, cube: 12 };
}

const CHANNELS = 16;
const TAPS = 27;
const convolutionFlops = (cube: number) => 2 * cube ** 3 * TAPS * CHANNELS ** 2;

/** Measured fp32 rates of an engine: a square matrix product, and a 3x3x3 convolution of 16 channels. */
export async function measureEngine(engine: Engine, now: Clock = clock): Promise<EngineSpeed> {
  const { tf } = engine;
  const { side, cube } = sizesFor(engine);
  engine.activate();
  const a = tiled(tf, [64, 64], [side / 64, side / 64]);
  const { x, w } = convolution(engine, cube);
  try {
    return {
      matmulGflops: await rate(engine, now, 2 * side ** 3, () => tf.matMul(a, a)),
      conv3dGflops: await rate(engine, now, convolutionFlops(cube), () => tf.conv3d(x, w, 1, 'same')),
    };
  } finally {
    tf.dispose([a, x, w]);
  }
}

/**
 * Measured fp32 GFLOP/s of the same convolution with its gradients by input and weights: three times the operations, and
 * what a training step can reach at most.
 */
export async function measureConv3dGradients(engine: Engine, now: Clock = clock): Promise<number> {
  const { tf } = engine;
  const { cube } = sizesFor(engine);
  engine.activate();
  const { x, w } = convolution(engine, cube);
  const dy = tf.ones<Rank.R5>(x.shape);
  const gradients = tf.grads((input, weights) =>
    tf.conv3d(input as typeof x, weights as typeof w, 1, 'same'),
  );
  try {
    return await rate(engine, now, 3 * convolutionFlops(cube), () => gradients([x, w], dy));
  } finally {
    tf.dispose([x, w, dy]);
  }
}

function convolution({ tf }: Engine, cube: number) {
  const times = cube / 12;
  return {
    x: tiled<Rank.R5>(tf, [1, 12, 12, 12, CHANNELS], [1, times, times, times, 1]),
    w: tf.randomNormal<Rank.R5>([3, 3, 3, CHANNELS, CHANNELS]),
  };
}

/** TensorFlow.js draws random numbers one by one on the processor: seconds for what fills a GPU. */
const tiled = <R extends Rank>(tf: Tf, shape: ShapeMap[R], times: number[]) =>
  tf.tidy(() => tf.tile(tf.randomNormal<R>(shape), times) as Tensor<R>);

/** The best of four: what the engine can do, not what it does while something else runs. */
async function rate(
  { tf, activate }: Engine,
  now: Clock,
  flops: number,
  run: () => Tensor | Tensor[],
): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < 4; round++) {
    activate();
    const start = now();
    // One number of each result: it waits for all of it, and a transfer of megabytes is not what is measured.
    const outputs = tf.tidy(() => [run()].flat().map((out) => out.flatten().slice(0, 1)));
    await Promise.all(outputs.map((out) => out.data()));
    best = Math.min(best, now() - start);
    tf.dispose(outputs);
  }
  return flops / best / 1e6;
}

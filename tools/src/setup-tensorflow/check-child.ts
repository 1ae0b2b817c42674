/** Run by check.ts in a process of its own: a native engine that crashes takes only this process along. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadNativeTensorflow } from '@tokenunify/model';
import type * as Tf from '@tensorflow/tfjs';
import type { CheckResult } from './check.ts';

// The copy of TensorFlow.js that the library imports, and no other, is what the engine must have joined.
const libraryRequire = createRequire(fileURLToPath(import.meta.resolve('@tokenunify/model')));
const tf = libraryRequire('@tensorflow/tfjs') as typeof Tf;

const { version, gpu } = await loadNativeTensorflow();
if (tf.getBackend() !== 'tensorflow') throw new Error(`The current backend is ${tf.getBackend()}.`);

tf.env().set('PROD', true); // the cpu backend advertises tfjs-node when it is used
const native = compute();
const matmulGflops = matmulSpeed();
const conv3dGflops = conv3dSpeed();
await tf.setBackend('cpu');
const oracle = compute();

const differences = Object.fromEntries(
  Object.entries(native).map(([name, values]) => [name, relativeDifference(values, oracle[name])]),
);
const result: CheckResult = { version, gpu, matmulGflops, conv3dGflops, differences };
console.log(JSON.stringify(result));

/** Every value and gradient that the check compares, on the current backend; the same inputs each time. */
function compute(): Record<string, Float32Array> {
  const results: Record<string, Float32Array> = {};
  const tensor = <R extends Tf.Rank>(shape: Tf.ShapeMap[R], seed: number) =>
    tf.tensor<R>(
      waves(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
      shape,
      'float32',
    );
  const record = (name: string, f: (a: Tf.Tensor, b: Tf.Tensor) => Tf.Tensor, a: Tf.Tensor, b: Tf.Tensor) => {
    results[name] = read(f(a, b));
    const gradients = tf.grads((x, y) =>
      f(x as Tf.Tensor, y as Tf.Tensor)
        .square()
        .sum(),
    )([a, b]);
    gradients.forEach((gradient, index) => {
      results[`the gradient of ${name} by its ${index === 0 ? 'first' : 'second'} argument`] = read(gradient);
    });
  };
  tf.tidy(() => {
    record(
      'matmul',
      (a, b) => tf.matMul(a, b),
      tensor<Tf.Rank.R2>([33, 65], 1),
      tensor<Tf.Rank.R2>([65, 17], 2),
    );
    const volume = tensor<Tf.Rank.R5>([2, 5, 8, 9, 3], 3);
    const kernel = tensor<Tf.Rank.R5>([3, 3, 3, 3, 4], 4);
    const conv3d = (strides: [number, number, number]) => (x: Tf.Tensor, w: Tf.Tensor) =>
      tf.conv3d(x as Tf.Tensor5D, w as Tf.Tensor5D, strides, 'same');
    record('conv3d', conv3d([1, 1, 1]), volume, kernel);
    record('strided conv3d', conv3d([1, 2, 2]), volume, kernel);
  });
  return results;
}

function read(tensor: Tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}

/** Numbers in [-1, 1] without a pattern that a wrong stride could hide behind. */
function waves(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) =>
    Math.sin(index * index * 0.37 + index * 1.7 + seed),
  );
}

/** Largest difference over the largest expected value; NaN for arrays of different lengths. */
function relativeDifference(values: Float32Array, expected: Float32Array | undefined): number {
  if (expected?.length !== values.length) return NaN;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < values.length; i++) {
    const [a = NaN, b = NaN] = [values[i], expected[i]];
    if (Number.isNaN(a) || Number.isNaN(b)) return NaN;
    difference = Math.max(difference, Math.abs(a - b));
    scale = Math.max(scale, Math.abs(b));
  }
  return difference / scale;
}

function matmulSpeed(side = 1024): number {
  const a = tf.randomNormal<Tf.Rank.R2>([side, side]);
  return gflops(2 * side ** 3, () => tf.matMul(a, a));
}

/** Forward and both gradients, which is what training does; they take three times the operations of forward alone. */
function conv3dSpeed(cube = 32, channels = 16): number {
  const x = tf.randomNormal<Tf.Rank.R5>([1, cube, cube, cube, channels]);
  const w = tf.randomNormal<Tf.Rank.R5>([3, 3, 3, channels, channels]);
  const gradients = tf.grads((a, b) => tf.conv3d(a as Tf.Tensor5D, b as Tf.Tensor5D, 1, 'same').square());
  return gflops(3 * 2 * cube ** 3 * 27 * channels ** 2, () =>
    tf.tidy(() => {
      const [dx, dw] = gradients([x, w]);
      // Kernels have run when they return; reading one sum waits for both.
      return tf.add(dx?.sum() ?? 0, dw?.sum() ?? 0);
    }),
  );
}

/** Best of five after one warm-up: what the machine can do, not what it does while something else runs. */
function gflops(operations: number, run: () => Tf.Tensor): number {
  let best = Infinity;
  for (let round = 0; round < 6; round++) {
    const start = performance.now();
    const output = run();
    output.dataSync();
    output.dispose();
    if (round > 0) best = Math.min(best, performance.now() - start);
  }
  return operations / best / 1e6;
}

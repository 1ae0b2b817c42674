// Plain JavaScript, run by Node 20, 22 and 24 (nodes.ts): the oldest of them cannot run TypeScript. Loads the native engine
// as the library does, computes a convolution and its gradients with it and with the cpu engine, and prints how they differ.
import { createRequire } from 'node:module';
import util from 'node:util';

// tfjs-node 4.22 calls both, and Node 24 has them no more
util.isNullOrUndefined = (value) => value === null || value === undefined;
util.isArray = Array.isArray;

const [, , directory] = process.argv;
const require = createRequire(`${directory}/package.json`);
const tf = require('@tensorflow/tfjs');
require(directory);
if (!(await tf.setBackend('tensorflow'))) throw new Error('The native engine does not start.');
tf.env().set('PROD', true); // the cpu backend advertises tfjs-node when it is used
const { isUsingGpuDevice: gpu } = tf.backend();

const waves = (shape, seed) =>
  tf.tensor(
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, index) =>
      Math.sin(index * index * 0.37 + seed),
    ),
    shape,
  );

function compute() {
  const gradients = tf.valueAndGrads((x, w) => tf.conv3d(x, w, [1, 2, 2], 'same').square().sum());
  const { value, grads } = gradients([waves([2, 4, 6, 6, 3], 1), waves([3, 3, 3, 3, 4], 2)]);
  return [value, ...grads].flatMap((tensor) => [...tensor.dataSync()]);
}

const native = compute();
await tf.setBackend('cpu');
const oracle = compute();
const scale = Math.max(...oracle.map(Math.abs));
const difference = Math.max(...oracle.map((value, index) => Math.abs(value - native[index]))) / scale;
console.log(JSON.stringify({ node: process.versions.node, gpu, difference }));

import type { Shape } from '../ops/ops.ts';
import type { ParameterSource } from '../network/parameters.ts';
import { array, map, type ParityCase } from './parity.fixture.ts';

/** Uniform in [-1, 1]. */
const weight = <T>(p: ParameterSource<T>, name: string, shape: Shape): T =>
  p.get(name, shape, { kind: 'normal', std: 1 / Math.sqrt(3) });

/** At least one case for each operation of `Ops`, keyed `operation` or `operation: what is special`. */
export const cases: Record<string, ParityCase> = {
  add: { inputs: [array(3, 4), array(3, 4)], run: (ops, [a, b]) => ops.add(a!, b!) },
  'add: a bias': {
    inputs: [array(3, 4)],
    run: (ops, [a], p) => ops.add(a!, weight(p, 'bias', [4])),
  },
  'add: two maps': {
    inputs: [map(2, 2, 3, 4), map(2, 2, 3, 4)],
    run: (ops, [a, b]) => ops.add(a!, b!),
  },
  'add: both sides broadcast': {
    inputs: [array(3, 1), array(1, 5)],
    run: (ops, [a, b]) => ops.add(a!, b!),
  },
  subtract: { inputs: [array(5), array(5)], run: (ops, [a, b]) => ops.subtract(a!, b!) },
  multiply: {
    inputs: [array(3, 4)],
    run: (ops, [a], p) => ops.multiply(a!, weight(p, 'scale', [1, 3, 1])),
  },
  divide: {
    inputs: [array(3, 4), array(3, 4)],
    range: [0.5, 2],
    run: (ops, [a, b]) => ops.divide(a!, b!),
  },
  exp: { inputs: [array(40)], range: [-20, 3], run: (ops, [x]) => ops.exp(x!) },
  sqrt: { inputs: [array(40)], range: [0, 9], run: (ops, [x]) => ops.sqrt(x!) },
  relu: { inputs: [array(40)], run: (ops, [x]) => ops.relu(x!) },
  sigmoid: { inputs: [map(1, 2, 3, 4)], range: [-30, 30], run: (ops, [x]) => ops.sigmoid(x!) },
  softplus: { inputs: [array(40)], range: [-8, 3], run: (ops, [x]) => ops.softplus(x!) },
  'softplus: large arguments': {
    inputs: [array(80)],
    range: [-500, 500],
    run: (ops, [x]) => ops.softplus(x!),
  },
  softmax: {
    inputs: [array(2, 3, 7)],
    range: [-90, 90],
    run: (ops, [x]) => ops.softmax(x!),
  },
  dense: {
    inputs: [array(2, 3, 5)],
    run: (ops, [x], p) => ops.dense(x!, weight(p, 'w', [5, 4])),
  },
  'dense: a constant matrix': {
    inputs: [array(2, 3)],
    run: (ops, [x]) => ops.dense(x!, ops.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2])),
  },
  constant: {
    inputs: [array(2, 2)],
    run: (ops, [x]) => ops.multiply(x!, ops.constant(Float32Array.of(1, 2, 3, 4), [1, 2, 2])),
  },
  matmul: {
    inputs: [array(2, 3, 5), array(2, 5, 4)],
    run: (ops, [a, b]) => ops.matmul(a!, b!),
  },
  'matmul: a transposed': {
    inputs: [array(2, 5, 3), array(2, 5, 4)],
    run: (ops, [a, b]) => ops.matmul(a!, b!, { transposeA: true }),
  },
  'matmul: b transposed, no leading axis': {
    inputs: [array(3, 5), array(4, 5)],
    run: (ops, [a, b]) => ops.matmul(a!, b!, { transposeB: true }),
  },
  'matmul: both transposed': {
    inputs: [array(2, 5, 3), array(2, 4, 5)],
    run: (ops, [a, b]) => ops.matmul(a!, b!, { transposeA: true, transposeB: true }),
  },
  meanLast: { inputs: [array(3, 7)], run: (ops, [x]) => ops.meanLast(x!) },
  sum: { inputs: [array(3, 7, 2)], run: (ops, [x]) => ops.sum(x!, 2) },
  reshape: {
    inputs: [array(3, 8)],
    run: (ops, [x]) => ops.reshape(x!, [ops.shapeOf(x!)[0]!, 2, 6, 2]),
  },
  transpose: {
    inputs: [array(2, 3, 4)],
    run: (ops, [x]) => ops.transpose(x!, [0, 3, 1, 2]),
  },
  concat: {
    inputs: [array(2, 3), array(4, 3), array(1, 3)],
    run: (ops, xs) => ops.concat(xs, 1),
  },
  slice: { inputs: [array(3, 9)], run: (ops, [x]) => ops.slice(x!, 2, 4, 3) },
  pad: { inputs: [array(3, 4)], run: (ops, [x]) => ops.pad(x!, 1, 2, 1) },
  reverse: { inputs: [array(5, 2)], run: (ops, [x]) => ops.reverse(x!, 1) },
  'reverse: one element': { inputs: [array(1, 2)], run: (ops, [x]) => ops.reverse(x!, 1) },
  repeatBatch: {
    inputs: [array(3, 2)],
    run: (ops, [x], p) => ops.concat([x!, ops.repeatBatch(weight(p, 'latents', [1, 4, 2]), x!)], 1),
  },
  conv3d: {
    inputs: [map(2, 5, 6, 7)],
    run: (ops, [x], p) =>
      ops.conv3d(x!, weight(p, 'filter', [3, 3, 3, 2, 3]), weight(p, 'bias', [3]), [1, 1, 1]),
  },
  'conv3d: strided and anisotropic': {
    inputs: [map(2, 4, 9, 8)],
    run: (ops, [x], p) => ops.conv3d(x!, weight(p, 'filter', [1, 3, 5, 2, 3]), undefined, [1, 2, 2]),
  },
  'conv3d: patches': {
    inputs: [map(1, 4, 8, 8)],
    run: (ops, [x], p) =>
      ops.conv3d(x!, weight(p, 'filter', [2, 4, 4, 1, 3]), weight(p, 'bias', [3]), [2, 4, 4]),
  },
  'conv3d: pointwise': {
    inputs: [map(4, 2, 3, 4)],
    run: (ops, [x], p) =>
      ops.conv3d(x!, weight(p, 'filter', [1, 1, 1, 4, 3]), weight(p, 'bias', [3]), [1, 1, 1]),
  },
  instanceNorm: {
    inputs: [map(3, 4, 5, 6)],
    run: (ops, [x], p) => ops.instanceNorm(x!, weight(p, 'gain', [3]), weight(p, 'offset', [3]), 1e-5),
  },
  'instanceNorm: epsilon counts': {
    inputs: [map(3, 4, 5, 6)],
    range: [-0.01, 0.01],
    run: (ops, [x], p) => ops.instanceNorm(x!, weight(p, 'gain', [3]), weight(p, 'offset', [3]), 1e-3),
  },
  upsample: { inputs: [map(2, 2, 3, 4)], run: (ops, [x]) => ops.upsample(x!, [1, 2, 3]) },
  concatChannels: {
    inputs: [map(2, 2, 3, 4), map(1, 2, 3, 4)],
    run: (ops, xs) => ops.concatChannels(xs),
  },
  toTokens: { inputs: [map(3, 2, 3, 4)], run: (ops, [x]) => ops.toTokens(x!) },
  fromTokens: { inputs: [array(24, 3)], run: (ops, [x]) => ops.fromTokens(x!, [2, 3, 4]) },
  shapeOf: {
    inputs: [array(3, 4)],
    run: (ops, [x]) => ops.slice(x!, 1, 0, ops.shapeOf(x!)[1]! - 1),
  },
  mapShape: {
    inputs: [map(2, 2, 3, 4)],
    run: (ops, [x]) => ops.fromTokens(ops.toTokens(x!), ops.mapShape(x!).space),
  },
};

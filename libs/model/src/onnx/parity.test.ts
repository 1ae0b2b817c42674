import { describe, expect, it } from 'vitest';
import { ShapeOps } from '../ops/shape-ops.ts';
import { array, difference, map, runBoth, type ParityCase } from './parity.ts';

/** At least one case for each operation of `Ops`, keyed `operation` or `operation: what is special`. */
const cases: Record<string, ParityCase> = {
  add: { inputs: [array(3, 4), array(3, 4)], output: 'array', run: (ops, [a, b]) => ops.add(a!, b!) },
  'add: a bias': {
    inputs: [array(3, 4)],
    weights: { bias: [4] },
    output: 'array',
    run: (ops, [a], weight) => ops.add(a!, weight('bias')),
  },
  'add: two maps': {
    inputs: [map(2, 2, 3, 4), map(2, 2, 3, 4)],
    output: 'map',
    run: (ops, [a, b]) => ops.add(a!, b!),
  },
  'add: both sides broadcast': {
    inputs: [array(3, 1), array(1, 5)],
    output: 'array',
    run: (ops, [a, b]) => ops.add(a!, b!),
  },
  subtract: { inputs: [array(5), array(5)], output: 'array', run: (ops, [a, b]) => ops.subtract(a!, b!) },
  multiply: {
    inputs: [array(3, 4)],
    weights: { scale: [1, 3, 1] },
    output: 'array',
    run: (ops, [a], weight) => ops.multiply(a!, weight('scale')),
  },
  divide: {
    inputs: [array(3, 4), array(3, 4)],
    range: [0.5, 2],
    output: 'array',
    run: (ops, [a, b]) => ops.divide(a!, b!),
  },
  exp: { inputs: [array(40)], range: [-20, 3], output: 'array', run: (ops, [x]) => ops.exp(x!) },
  sqrt: { inputs: [array(40)], range: [0, 9], output: 'array', run: (ops, [x]) => ops.sqrt(x!) },
  relu: { inputs: [array(40)], output: 'array', run: (ops, [x]) => ops.relu(x!) },
  sigmoid: { inputs: [map(1, 2, 3, 4)], range: [-30, 30], output: 'map', run: (ops, [x]) => ops.sigmoid(x!) },
  softplus: { inputs: [array(40)], range: [-8, 3], output: 'array', run: (ops, [x]) => ops.softplus(x!) },
  'softplus: large arguments': {
    inputs: [array(80)],
    range: [-500, 500],
    output: 'array',
    run: (ops, [x]) => ops.softplus(x!),
  },
  softmax: {
    inputs: [array(2, 3, 7)],
    range: [-90, 90],
    output: 'array',
    run: (ops, [x]) => ops.softmax(x!),
  },
  dense: {
    inputs: [array(2, 3, 5)],
    weights: { w: [5, 4] },
    output: 'array',
    run: (ops, [x], weight) => ops.dense(x!, weight('w')),
  },
  'dense: a constant matrix': {
    inputs: [array(2, 3)],
    output: 'array',
    run: (ops, [x]) => ops.dense(x!, ops.constant(Float32Array.of(1, 2, 3, 4, 5, 6), [3, 2])),
  },
  constant: {
    inputs: [array(2, 2)],
    output: 'array',
    run: (ops, [x]) => ops.multiply(x!, ops.constant(Float32Array.of(1, 2, 3, 4), [1, 2, 2])),
  },
  matmul: {
    inputs: [array(2, 3, 5), array(2, 5, 4)],
    output: 'array',
    run: (ops, [a, b]) => ops.matmul(a!, b!),
  },
  'matmul: a transposed': {
    inputs: [array(2, 5, 3), array(2, 5, 4)],
    output: 'array',
    run: (ops, [a, b]) => ops.matmul(a!, b!, { transposeA: true }),
  },
  'matmul: b transposed, no leading axis': {
    inputs: [array(3, 5), array(4, 5)],
    output: 'array',
    run: (ops, [a, b]) => ops.matmul(a!, b!, { transposeB: true }),
  },
  'matmul: both transposed': {
    inputs: [array(2, 5, 3), array(2, 4, 5)],
    output: 'array',
    run: (ops, [a, b]) => ops.matmul(a!, b!, { transposeA: true, transposeB: true }),
  },
  meanLast: { inputs: [array(3, 7)], output: 'array', run: (ops, [x]) => ops.meanLast(x!) },
  sum: { inputs: [array(3, 7, 2)], output: 'array', run: (ops, [x]) => ops.sum(x!, 2) },
  reshape: {
    inputs: [array(3, 8)],
    output: 'array',
    run: (ops, [x]) => ops.reshape(x!, [ops.shapeOf(x!)[0]!, 2, 6, 2]),
  },
  transpose: {
    inputs: [array(2, 3, 4)],
    output: 'array',
    run: (ops, [x]) => ops.transpose(x!, [0, 3, 1, 2]),
  },
  concat: {
    inputs: [array(2, 3), array(4, 3), array(1, 3)],
    output: 'array',
    run: (ops, xs) => ops.concat(xs, 1),
  },
  slice: { inputs: [array(3, 9)], output: 'array', run: (ops, [x]) => ops.slice(x!, 2, 4, 3) },
  pad: { inputs: [array(3, 4)], output: 'array', run: (ops, [x]) => ops.pad(x!, 1, 2, 1) },
  reverse: { inputs: [array(5, 2)], output: 'array', run: (ops, [x]) => ops.reverse(x!, 1) },
  'reverse: one element': { inputs: [array(1, 2)], output: 'array', run: (ops, [x]) => ops.reverse(x!, 1) },
  repeatBatch: {
    inputs: [array(3, 2)],
    weights: { latents: [1, 4, 2] },
    output: 'array',
    run: (ops, [x], weight) => ops.concat([x!, ops.repeatBatch(weight('latents'), x!)], 1),
  },
  conv3d: {
    inputs: [map(2, 5, 6, 7)],
    weights: { filter: [3, 3, 3, 2, 3], bias: [3] },
    output: 'map',
    run: (ops, [x], weight) => ops.conv3d(x!, weight('filter'), weight('bias'), [1, 1, 1]),
  },
  'conv3d: strided and anisotropic': {
    inputs: [map(2, 4, 9, 8)],
    weights: { filter: [1, 3, 5, 2, 3] },
    output: 'map',
    run: (ops, [x], weight) => ops.conv3d(x!, weight('filter'), undefined, [1, 2, 2]),
  },
  'conv3d: patches': {
    inputs: [map(1, 4, 8, 8)],
    weights: { filter: [2, 4, 4, 1, 3], bias: [3] },
    output: 'map',
    run: (ops, [x], weight) => ops.conv3d(x!, weight('filter'), weight('bias'), [2, 4, 4]),
  },
  'conv3d: pointwise': {
    inputs: [map(4, 2, 3, 4)],
    weights: { filter: [1, 1, 1, 4, 3], bias: [3] },
    output: 'map',
    run: (ops, [x], weight) => ops.conv3d(x!, weight('filter'), weight('bias'), [1, 1, 1]),
  },
  instanceNorm: {
    inputs: [map(3, 4, 5, 6)],
    weights: { gain: [3], offset: [3] },
    output: 'map',
    run: (ops, [x], weight) => ops.instanceNorm(x!, weight('gain'), weight('offset'), 1e-5),
  },
  'instanceNorm: epsilon counts': {
    inputs: [map(3, 4, 5, 6)],
    weights: { gain: [3], offset: [3] },
    range: [-0.01, 0.01],
    output: 'map',
    run: (ops, [x], weight) => ops.instanceNorm(x!, weight('gain'), weight('offset'), 1e-3),
  },
  upsample: { inputs: [map(2, 2, 3, 4)], output: 'map', run: (ops, [x]) => ops.upsample(x!, [1, 2, 3]) },
  concatChannels: {
    inputs: [map(2, 2, 3, 4), map(1, 2, 3, 4)],
    output: 'map',
    run: (ops, xs) => ops.concatChannels(xs),
  },
  toTokens: { inputs: [map(3, 2, 3, 4)], output: 'array', run: (ops, [x]) => ops.toTokens(x!) },
  fromTokens: { inputs: [array(24, 3)], output: 'map', run: (ops, [x]) => ops.fromTokens(x!, [2, 3, 4]) },
  shapeOf: {
    inputs: [array(3, 4)],
    output: 'array',
    run: (ops, [x]) => ops.slice(x!, 1, 0, ops.shapeOf(x!)[1]! - 1),
  },
  mapShape: {
    inputs: [map(2, 2, 3, 4)],
    output: 'map',
    run: (ops, [x]) => ops.fromTokens(ops.toTokens(x!), ops.mapShape(x!).space),
  },
};

it('has a case for every operation', () => {
  const operations = Object.getOwnPropertyNames(ShapeOps.prototype).filter((name) => name !== 'constructor');
  const covered = new Set(Object.keys(cases).map((name) => name.split(':')[0]));
  expect(operations.filter((name) => !covered.has(name))).toEqual([]);
});

describe.each([17, 18, 21] as const)('ONNX Runtime computes what TensorFlow.js does, opset %i', (opset) => {
  it.each(Object.keys(cases))('%s', async (name) => {
    for (const batch of [1, 3]) {
      const { onnx, tensorflow } = await runBoth(cases[name]!, { opset, batch });
      expect(difference(onnx, tensorflow), `batch ${batch}`).toBeLessThan(1e-5);
    }
  });
});

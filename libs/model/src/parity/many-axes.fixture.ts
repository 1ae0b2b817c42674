import { array, map, type ParityCase } from '../onnx/parity.fixture.ts';

/** What engines do by other ways than with few axes and small sizes: maps, arrays of five and six axes, long sums. */
export const manyAxes: Record<string, ParityCase> = {
  'add: five axes, both sides broadcast': {
    inputs: [array(3, 1, 4, 1), array(1, 2, 1, 5)],
    run: (ops, [a, b]) => ops.add(a!, b!),
  },
  'pad: five axes': { inputs: [array(2, 3, 4, 3)], run: (ops, [x]) => ops.pad(x!, 3, 1, 2) },
  'pad: six axes': { inputs: [array(2, 3, 2, 2, 3)], run: (ops, [x]) => ops.pad(x!, 2, 2, 1) },
  'slice: five axes': { inputs: [array(2, 3, 4, 3)], run: (ops, [x]) => ops.slice(x!, 3, 1, 2) },
  'slice: six axes': { inputs: [array(2, 3, 4, 2, 2)], run: (ops, [x]) => ops.slice(x!, 3, 1, 2) },
  'reverse: five axes': { inputs: [array(2, 3, 4, 3)], run: (ops, [x]) => ops.reverse(x!, 1) },
  'transpose: five axes': {
    inputs: [array(2, 3, 4, 5)],
    run: (ops, [x]) => ops.transpose(x!, [0, 3, 1, 4, 2]),
  },
  'transpose: six axes': {
    inputs: [array(2, 3, 2, 3, 2)],
    run: (ops, [x]) => ops.transpose(x!, [0, 5, 3, 1, 4, 2]),
  },
  'concat: five axes': {
    inputs: [array(2, 3, 2, 3), array(2, 3, 4, 3)],
    run: (ops, xs) => ops.concat(xs, 3),
  },
  'sum: an axis in the middle of five': { inputs: [array(2, 3, 4, 5)], run: (ops, [x]) => ops.sum(x!, 2) },
  'sum: the last axis of five': { inputs: [array(2, 3, 4, 5)], run: (ops, [x]) => ops.sum(x!, 4) },
  'sum: of more than 256': { inputs: [array(300, 2)], run: (ops, [x]) => ops.sum(x!, 1) },
  'meanLast: of more than 256': { inputs: [array(2, 300)], run: (ops, [x]) => ops.meanLast(x!) },
  'softmax: five axes': { inputs: [array(2, 3, 2, 5)], run: (ops, [x]) => ops.softmax(x!) },
  'conv3d: stride above the kernel, odd sizes': {
    inputs: [map(2, 5, 7, 6)],
    run: (ops, [x], p) =>
      ops.conv3d(x!, p.get('filter', [1, 2, 3, 2, 5], { kind: 'normal', std: 1 }), undefined, [2, 3, 2]),
  },
  'conv3d: wider than the map': {
    inputs: [map(4, 2, 3, 2)],
    run: (ops, [x], p) =>
      ops.conv3d(x!, p.get('filter', [5, 5, 5, 4, 4], { kind: 'normal', std: 1 }), undefined, [1, 1, 1]),
  },
  'dense: a weight of many rows': {
    inputs: [array(1050, 6)],
    run: (ops, [x], p) => ops.dense(x!, p.get('weight', [6, 24], { kind: 'normal', std: 1 })),
  },
  'matmul: few results over 300': {
    inputs: [array(3, 300), array(300, 2)],
    run: (ops, [a, b]) => ops.matmul(a!, b!),
  },
  'matmul: more results than a group has threads': {
    inputs: [array(2, 7, 5), array(2, 5, 4)],
    run: (ops, [a, b]) => ops.matmul(a!, b!),
  },
  'matmul: many results': {
    inputs: [array(20, 6), array(20, 6)],
    run: (ops, [a, b]) => ops.matmul(a!, b!, { transposeB: true }),
  },
  'matmul: over 2,048, b transposed': {
    inputs: [array(12, 2048), array(16, 2048)],
    run: (ops, [a, b]) =>
      ops.sum(ops.matmul(ops.slice(a!, 0, 0, 1), ops.slice(b!, 0, 0, 1), { transposeB: true }), 1),
  },
};

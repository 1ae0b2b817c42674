import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import { affinityForward, pretrainingForward } from '../network/network.ts';
import { presetNamed, tokenGrid, type Preset } from '../network/presets.ts';
import { small } from '../network/small.fixture.ts';
import { Random } from '../random.ts';
import type { Ops, Vec3 } from './ops.ts';
import { arrayOf, mapOf, ShapeOps, type ShapeValue } from './shape-ops.ts';
import { TensorOps } from './tensor-ops.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** A value in both executions of the network. */
interface Pair {
  readonly shape: ShapeValue;
  readonly tensor: tf.Tensor;
}

/** NDHWC of a map, the array's own shape otherwise. */
const tensorShape = (value: ShapeValue): readonly number[] =>
  value.kind === 'array' ? value.shape : [value.map.batch, ...value.map.space, value.map.channels];

/** `Ops` that does everything twice, on shapes and on tensors, and compares after every operation. */
function bothOps(shapes: ShapeOps, tensors: TensorOps, compared: Map<string, number>): Ops<Pair> {
  const isPair = (value: unknown): value is Pair =>
    typeof value === 'object' && value !== null && 'tensor' in value;
  const pick = (value: unknown, side: 'shape' | 'tensor'): unknown =>
    isPair(value) ? value[side] : Array.isArray(value) ? value.map((v) => pick(v, side)) : value;
  const call = (ops: object, name: string, args: unknown[]): unknown => {
    const method: unknown = Reflect.get(ops, name);
    if (typeof method !== 'function') throw new Error(`no operation '${name}'`);
    return Reflect.apply(method, ops, args);
  };
  const handler: ProxyHandler<object> = {
    get: (_, name: string) => {
      if (!Reflect.has(shapes, name)) return undefined; // `recompute`, which both do without
      return (...args: unknown[]) => {
        const shape = call(
          shapes,
          name,
          args.map((arg) => pick(arg, 'shape')),
        );
        const tensor = call(
          tensors,
          name,
          args.map((arg) => pick(arg, 'tensor')),
        );
        compared.set(name, (compared.get(name) ?? 0) + 1);
        if (!(tensor instanceof tf.Tensor)) {
          expect(shape, name).toEqual(tensor); // shapeOf, mapShape
          return shape;
        }
        expect(tensorShape(shape as ShapeValue), name).toEqual(tensor.shape);
        return { shape, tensor };
      };
    },
  };
  return new Proxy({}, handler) as Ops<Pair>; // every name is answered above
}

/** Runs the network in both, and counts what was compared. */
function compare(preset: Preset, space: Vec3, batch: number) {
  const [shapes, compared] = [new ShapeOps(), new Map<string, number>()];
  const random = new Random(1);
  tf.tidy(() => {
    const ops = bothOps(shapes, new TensorOps(tf), compared);
    const grid = tokenGrid(preset, space);
    const tokens = grid[0] * grid[1] * grid[2];
    const source = {
      get: (_: string, shape: readonly number[]) => ({
        shape: arrayOf(shape),
        tensor: tf.fill([...shape], random.uniform(-0.1, 0.1)),
      }),
    };
    const crop = { shape: mapOf(batch, 1, space), tensor: tf.ones([batch, ...space, 1]) };
    const position = { shape: arrayOf([batch, 1, tokens]), tensor: tf.zeros([batch, 1, tokens]) };
    pretrainingForward(ops, source, preset, crop, position);
    affinityForward(ops, source, preset, crop);
  });
  return { compared, multiplyAdds: shapes.multiplyAdds };
}

describe('every operation of the network gives the shape that its tensors have', () => {
  it('nano', () => {
    const { compared, multiplyAdds } = compare(presetNamed('nano'), [16, 16, 32], 2);
    const operations = Object.getOwnPropertyNames(ShapeOps.prototype).filter(
      (name) => name !== 'constructor',
    );
    // the network needs every operation: one that it does not use should not be in `Ops`
    expect(operations.filter((name) => !compared.has(name))).toEqual(['subtract']);
    expect(multiplyAdds).toBeGreaterThan(0);
  });

  it('an anisotropic network with chunks that do not fill up', () => {
    const flat: Preset = {
      ...small,
      token: [2, 4, 4],
      stem: { width: 4, kernel: [1, 5, 5] },
      stages: [
        { width: 8, kernel: [1, 2, 2], strides: [1, 2, 2], mambaLayers: 1 },
        { width: 8, kernel: [2, 2, 2], strides: [2, 2, 2], mambaLayers: 1 },
      ],
      decoderKernel: [1, 3, 3],
    };
    compare(flat, [6, 8, 12], 1);
  });
});

describe('shapes that do not fit are refused', () => {
  const ops = new ShapeOps();
  const refused: Record<string, () => unknown> = {
    'an array where a map is needed': () => ops.toTokens(arrayOf([1, 2, 3])),
    'a map where an array is needed': () => ops.reshape(mapOf(1, 2, [2, 2, 2]), [1, 16]),
    'maps of different sizes added': () => ops.add(mapOf(1, 2, [2, 2, 2]), mapOf(1, 2, [2, 2, 3])),
    'a map added to an array': () => ops.add(mapOf(1, 2, [2, 2, 2]), arrayOf([1, 2])),
    'arrays that do not broadcast': () => ops.multiply(arrayOf([2, 3]), arrayOf([2, 4])),
    'a constant with too few values': () => ops.constant(Float32Array.of(1, 2), [1, 3]),
    'dense with the wrong width': () => ops.dense(arrayOf([1, 3]), arrayOf([4, 2])),
    'matmul of different batches': () => ops.matmul(arrayOf([2, 3, 4]), arrayOf([3, 4, 5])),
    'matmul of different inner axes': () => ops.matmul(arrayOf([2, 3, 4]), arrayOf([2, 3, 4])),
    'reshape to another size': () => ops.reshape(arrayOf([1, 6]), [1, 5]),
    'reshape that merges the batch': () => ops.reshape(arrayOf([2, 6]), [12]),
    'transpose of the batch': () => ops.transpose(arrayOf([1, 2, 3]), [1, 0, 2]),
    'concatenation of different arrays': () => ops.concat([arrayOf([1, 2, 3]), arrayOf([1, 2, 4])], 1),
    'a slice past the end': () => ops.slice(arrayOf([1, 4]), 1, 2, 3),
    'a filter for other channels': () =>
      ops.conv3d(mapOf(1, 2, [4, 4, 4]), arrayOf([3, 3, 3, 4, 8]), undefined, [1, 1, 1]),
    'a bias of another width': () =>
      ops.conv3d(mapOf(1, 2, [4, 4, 4]), arrayOf([3, 3, 3, 2, 8]), arrayOf([4]), [1, 1, 1]),
    'concatenation of different maps': () =>
      ops.concatChannels([mapOf(1, 2, [4, 4, 4]), mapOf(1, 2, [4, 4, 2])]),
    'tokens that do not fill a map': () => ops.fromTokens(arrayOf([1, 7, 2]), [2, 2, 2]),
  };
  it.each(Object.keys(refused))('%s', (name) => {
    try {
      refused[name]!();
    } catch (error) {
      expect(isModelError(error, 'model/shape')).toBe(true);
      return expect(String(error)).toContain('check the preset and the crop size');
    }
    throw new Error('accepted');
  });
});

it('multiply-adds are counted per product, by hand', () => {
  const count = (run: (ops: ShapeOps) => void) => {
    const ops = new ShapeOps();
    run(ops);
    return ops.multiplyAdds;
  };
  expect(count((ops) => ops.dense(arrayOf([2, 5, 3]), arrayOf([3, 7])))).toBe(2 * 5 * 3 * 7);
  expect(count((ops) => ops.matmul(arrayOf([4, 2, 3]), arrayOf([4, 3, 5])))).toBe(4 * 2 * 3 * 5);
  expect(
    count((ops) =>
      ops.matmul(arrayOf([4, 3, 2]), arrayOf([4, 5, 3]), { transposeA: true, transposeB: true }),
    ),
  ).toBe(4 * 2 * 3 * 5);
  expect(
    count((ops) => ops.conv3d(mapOf(2, 3, [4, 5, 6]), arrayOf([1, 3, 3, 3, 8]), undefined, [1, 2, 2])),
  ).toBe(2 * (4 * 3 * 3) * (1 * 3 * 3 * 3 * 8));
  expect(count((ops) => ops.add(arrayOf([9]), arrayOf([9])))).toBe(0);
});

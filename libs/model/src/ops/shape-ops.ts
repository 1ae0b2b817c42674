import { ModelError } from '../errors.ts';
import type { MapShape, Ops, Shape, Vec3 } from './ops.ts';

/**
 * `Ops` over shapes alone: the network runs, nothing is computed. It checks every shape, and counts multiply-adds, so
 * that parameters and cost of any preset are known without allocating a weight.
 */
export type ShapeValue =
  { readonly kind: 'array'; readonly shape: Shape } | { readonly kind: 'map'; readonly map: MapShape };

export const arrayOf = (shape: Shape): ShapeValue => ({ kind: 'array', shape });
export const mapOf = (batch: number, channels: number, space: Vec3): ShapeValue => ({
  kind: 'map',
  map: { batch, channels, space },
});

const volumeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

export class ShapeOps implements Ops<ShapeValue> {
  /** Multiply-adds of convolutions and matrix products so far. */
  multiplyAdds = 0;

  shapeOf(x: ShapeValue): Shape {
    if (x.kind !== 'array') throw fault('an array is needed here, this is a map');
    return x.shape;
  }

  mapShape(x: ShapeValue): MapShape {
    if (x.kind !== 'map') throw fault('a map is needed here, this is an array');
    return x.map;
  }

  constant(values: Float32Array, shape: Shape): ShapeValue {
    if (values.length !== volumeOf(shape))
      throw fault(`${values.length} values do not fill shape [${shape}]`);
    return arrayOf(shape);
  }

  add(a: ShapeValue, b: ShapeValue): ShapeValue {
    if (a.kind === 'map' && b.kind === 'map') {
      if (String(Object.values(a.map)) !== String(Object.values(b.map)))
        throw fault('two maps differ in shape');
      return a;
    }
    return arrayOf(broadcast(this.shapeOf(a), this.shapeOf(b)));
  }
  subtract(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }
  multiply(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }
  divide(a: ShapeValue, b: ShapeValue): ShapeValue {
    return this.add(a, b);
  }
  exp(x: ShapeValue): ShapeValue {
    return x;
  }
  sqrt(x: ShapeValue): ShapeValue {
    return x;
  }
  relu(x: ShapeValue): ShapeValue {
    return x;
  }
  sigmoid(x: ShapeValue): ShapeValue {
    return x;
  }
  softplus(x: ShapeValue): ShapeValue {
    return x;
  }
  softmax(x: ShapeValue): ShapeValue {
    return x;
  }

  dense(x: ShapeValue, w: ShapeValue): ShapeValue {
    const [left, right] = [this.shapeOf(x), this.shapeOf(w)];
    if (right.length !== 2 || left.at(-1) !== right[0]) throw fault(`dense of [${left}] with [${right}]`);
    this.multiplyAdds += volumeOf(left) * right[1]!;
    return arrayOf([...left.slice(0, -1), right[1]!]);
  }

  matmul(
    a: ShapeValue,
    b: ShapeValue,
    options: { transposeA?: boolean; transposeB?: boolean } = {},
  ): ShapeValue {
    const [left, right] = [this.shapeOf(a), this.shapeOf(b)];
    const swap = (s: Shape) => [...s.slice(0, -2), s.at(-1)!, s.at(-2)!];
    const l = options.transposeA ? swap(left) : left;
    const r = options.transposeB ? swap(right) : right;
    if (String(l.slice(0, -2)) !== String(r.slice(0, -2)) || l.at(-1) !== r.at(-2))
      throw fault(`matmul of [${l}] with [${r}]`);
    this.multiplyAdds += volumeOf(l) * r.at(-1)!;
    return arrayOf([...l.slice(0, -1), r.at(-1)!]);
  }

  meanLast(x: ShapeValue): ShapeValue {
    return arrayOf([...this.shapeOf(x).slice(0, -1), 1]);
  }
  sum(x: ShapeValue, axis: number): ShapeValue {
    return arrayOf(this.shapeOf(x).filter((_, i) => i !== axis));
  }

  reshape(x: ShapeValue, shape: Shape): ShapeValue {
    const from = this.shapeOf(x);
    if (volumeOf(from) !== volumeOf(shape) || from[0] !== shape[0]) throw fault(`[${from}] as [${shape}]`);
    return arrayOf(shape);
  }
  transpose(x: ShapeValue, axes: readonly number[]): ShapeValue {
    const from = this.shapeOf(x);
    if (axes[0] !== 0 || axes.length !== from.length) throw fault(`axes [${axes}] for [${from}]`);
    return arrayOf(axes.map((axis) => from[axis]!));
  }
  concat(xs: readonly ShapeValue[], axis: number): ShapeValue {
    const shapes = xs.map((x) => this.shapeOf(x));
    const others = (shape: Shape) => String(shape.filter((_, i) => i !== axis));
    if (shapes.some((shape) => others(shape) !== others(shapes[0]!)))
      throw fault(`[${shapes.map((shape) => `[${shape}]`)}] along axis ${axis}`);
    const total = shapes.reduce((sum, shape) => sum + shape[axis]!, 0);
    return arrayOf(shapes[0]!.map((size, i) => (i === axis ? total : size)));
  }
  slice(x: ShapeValue, axis: number, start: number, size: number): ShapeValue {
    const from = this.shapeOf(x);
    if (start < 0 || start + size > from[axis]!)
      throw fault(`slice ${start}+${size} of axis ${axis} of [${from}]`);
    return arrayOf(from.map((old, i) => (i === axis ? size : old)));
  }
  pad(x: ShapeValue, axis: number, before: number, after: number): ShapeValue {
    return arrayOf(this.shapeOf(x).map((size, i) => (i === axis ? before + size + after : size)));
  }
  reverse(x: ShapeValue): ShapeValue {
    return x;
  }
  repeatBatch(x: ShapeValue, like: ShapeValue): ShapeValue {
    return arrayOf([this.shapeOf(like)[0]!, ...this.shapeOf(x).slice(1)]);
  }

  conv3d(x: ShapeValue, filter: ShapeValue, bias: ShapeValue | undefined, strides: Vec3): ShapeValue {
    const { batch, channels, space } = this.mapShape(x);
    const kernel = this.shapeOf(filter);
    if (kernel.length !== 5 || kernel[3] !== channels)
      throw fault(`filter [${kernel}] on ${channels} channels`);
    const out = space.map((size, i) => Math.ceil(size / strides[i]!)) as unknown as Vec3; // map keeps the length
    this.multiplyAdds += batch * volumeOf(out) * volumeOf(kernel);
    if (bias && this.shapeOf(bias)[0] !== kernel[4])
      throw fault(`bias [${this.shapeOf(bias)}] on [${kernel}]`);
    return mapOf(batch, kernel[4]!, out);
  }
  instanceNorm(x: ShapeValue): ShapeValue {
    return x;
  }
  upsample(x: ShapeValue, factors: Vec3): ShapeValue {
    const { batch, channels, space } = this.mapShape(x);
    return mapOf(batch, channels, [space[0] * factors[0], space[1] * factors[1], space[2] * factors[2]]);
  }
  concatChannels(xs: readonly ShapeValue[]): ShapeValue {
    const maps = xs.map((x) => this.mapShape(x));
    const { batch, space } = maps[0]!;
    if (maps.some((map) => String(map.space) !== String(space)))
      throw fault(`maps of [${maps.map((map) => `[${map.space}]`)}] are concatenated`);
    return mapOf(
      batch,
      maps.reduce((sum, map) => sum + map.channels, 0),
      space,
    );
  }
  toTokens(x: ShapeValue): ShapeValue {
    const { batch, channels, space } = this.mapShape(x);
    return arrayOf([batch, volumeOf(space), channels]);
  }
  fromTokens(x: ShapeValue, space: Vec3): ShapeValue {
    const [batch, count, channels] = this.shapeOf(x);
    if (count !== volumeOf(space)) throw fault(`${count} tokens as a map of [${space}]`);
    return mapOf(batch!, channels!, space);
  }
}

function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [l, r] = [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1];
    if (l !== r && l !== 1 && r !== 1) throw fault(`[${a}] does not broadcast with [${b}]`);
    return Math.max(l, r);
  });
}

const fault = (what: string) =>
  new ModelError(
    'model/shape',
    `The network's shapes do not fit: ${what}; check the preset and the crop size.`,
  );

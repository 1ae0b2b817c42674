import type { Shape } from '../ops/ops.ts';
import { checkAxis, checkBatch, Emitter, fault } from './emitter.ts';
import type { Value } from './value.ts';

/** ONNX's way of saying "past the first element" to a slice that runs backwards. */
const BEFORE_FIRST = -(2n ** 63n);

/** The operations of `Ops` on arrays. */
export class ArrayOps extends Emitter {
  shapeOf(x: Value): Shape {
    return this.shapes.shapeOf(x.form);
  }
  /** Equal contents are stored once. `values` must not change until the graph is built. */
  constant(values: Float32Array, shape: Shape): Value {
    const form = this.shapes.constant(values, shape);
    return { name: this.graph.constant(values, shape), form, batched: false, type: 'constant' };
  }

  add(a: Value, b: Value): Value {
    return this.binary('Add', a, b);
  }
  subtract(a: Value, b: Value): Value {
    return this.binary('Sub', a, b);
  }
  multiply(a: Value, b: Value): Value {
    // a square leaves the range of float16 at 256
    return this.binary('Mul', a, b, a.name === b.name ? 'float32' : undefined);
  }
  divide(a: Value, b: Value): Value {
    return this.binary('Div', a, b);
  }
  exp(x: Value): Value {
    return this.emit(x.form, 'Exp', [x], {}, 'float32');
  }
  sqrt(x: Value): Value {
    return this.emit(x.form, 'Sqrt', [x], {}, 'float32');
  }
  relu(x: Value): Value {
    return this.emit(x.form, 'Relu', [x]);
  }
  sigmoid(x: Value): Value {
    return this.emit(x.form, 'Sigmoid', [x]);
  }
  softplus(x: Value): Value {
    return this.emit(x.form, 'Softplus', [x], {}, 'float32');
  }
  softmax(x: Value): Value {
    return this.emit(x.form, 'Softmax', [x], { axis: -1 }, 'float32');
  }

  dense(x: Value, w: Value): Value {
    if (w.batched) throw fault('the matrix of a dense layer depends on the input; use matmul');
    const form = this.shapes.dense(x.form, w.form);
    // a constant matrix adds up segments of decays: as exact as they are
    if (w.type === 'constant') return this.emit(form, 'MatMul', [x, w], {}, this.widest([x]));
    return this.emit(form, 'MatMul', [x, w], {}, this.productType(w));
  }
  /** The transposes are nodes of their own; ONNX Runtime folds them into the product. */
  matmul(a: Value, b: Value, options: { transposeA?: boolean; transposeB?: boolean } = {}): Value {
    checkBatch('matmul', [a, b]);
    const form = this.shapes.matmul(a.form, b.form, options);
    const swapped = (x: Value): Value => {
      const rank = this.shapeOf(x).length;
      const axes = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
      return this.transpose(x, axes);
    };
    // cast before they are swapped: half as much to move
    const [left, right] = [this.cast(a, this.dtype), this.cast(b, this.dtype)];
    return this.emit(form, 'MatMul', [
      options.transposeA ? swapped(left) : left,
      options.transposeB ? swapped(right) : right,
    ]);
  }
  meanLast(x: Value): Value {
    const form = this.shapes.meanLast(x.form);
    // opset 18 turned the axes of ReduceMean from an attribute into an input
    if (this.opset < 18) return this.emit(form, 'ReduceMean', [x], { axes: [-1], keepdims: 1 }, 'float32');
    return this.emit(form, 'ReduceMean', [x, this.int64(-1)], { keepdims: 1 }, 'float32');
  }
  sum(x: Value, axis: number): Value {
    checkAxis('sum', x, axis);
    const form = this.shapes.sum(x.form, axis);
    return this.emit(form, 'ReduceSum', [x, this.int64(axis)], { keepdims: 0 }, 'float32');
  }

  reshape(x: Value, shape: Shape): Value {
    const form = this.shapes.reshape(x.form, shape);
    return String(this.shapeOf(x)) === String(shape)
      ? x
      : this.emit(form, 'Reshape', [x, this.likeBatch(shape)]);
  }
  transpose(x: Value, axes: readonly number[]): Value {
    const form = this.shapes.transpose(x.form, axes);
    return axes.every((axis, i) => axis === i) ? x : this.emit(form, 'Transpose', [x], { perm: axes });
  }
  concat(xs: readonly Value[], axis: number): Value {
    checkBatch('concat', xs);
    xs.forEach((x) => checkAxis('concat', x, axis));
    const forms = xs.map((x) => x.form);
    return this.emit(this.shapes.concat(forms, axis), 'Concat', xs, { axis });
  }
  slice(x: Value, axis: number, start: number, size: number): Value {
    checkAxis('slice', x, axis);
    const form = this.shapes.slice(x.form, axis, start, size);
    return this.emit(form, 'Slice', [x, this.int64(start), this.int64(start + size), this.int64(axis)]);
  }
  pad(x: Value, axis: number, before: number, after: number): Value {
    checkAxis('pad', x, axis);
    if (before === 0 && after === 0) return x;
    const amounts = (cells: number) => this.shapeOf(x).map((_, i) => (i === axis ? cells : 0));
    const form = this.shapes.pad(x.form, axis, before, after);
    return this.emit(form, 'Pad', [x, this.int64(...amounts(before), ...amounts(after))], {
      mode: 'constant',
    });
  }
  reverse(x: Value, axis: number): Value {
    checkAxis('reverse', x, axis);
    const [last, step] = [this.int64(-1), this.int64(-1)];
    return this.emit(x.form, 'Slice', [x, last, this.int64(BEFORE_FIRST), this.int64(axis), step]);
  }
  repeatBatch(x: Value, like: Value): Value {
    if (this.shapeOf(x)[0] !== 1 || x.batched)
      throw fault('repeatBatch needs a value with axis 0 of size 1 that does not depend on the input');
    if (!like.batched) return x;
    // every value with a batch has the input's, whose shape is known from the start: nothing is kept alive for it
    const input = this.graph.inputs[0]!.name;
    const batch = this.graph.once('batch', () => this.graph.node('Shape', [input], { start: 0, end: 1 }));
    const rest = this.shapeOf(x).slice(1);
    const shape = this.graph.once(`batch, ${rest}`, () =>
      this.graph.node('Concat', [batch, this.int64(...rest)], { axis: 0 }),
    );
    return { ...this.emit(x.form, 'Expand', [x, shape]), batched: true };
  }

  /** `shape` for a Reshape that keeps axis 0 as it is, which ONNX writes as 0. */
  protected likeBatch(shape: Shape): string {
    return this.int64(0, ...shape.slice(1));
  }
}

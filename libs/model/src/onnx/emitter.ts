import { ModelError } from '../errors.ts';
import { ShapeOps, type ShapeValue } from '../ops/shape-ops.ts';
import { Graph, type GraphNode } from './graph.ts';
import type { Opset } from './opset.ts';
import { layoutOf, type Value } from './value.ts';

/** What every operation of the builder is written with: a graph, shape inference, and the rules of the symbolic batch. */
export class Emitter {
  readonly opset: Opset;
  protected readonly graph = new Graph();
  protected readonly shapes = new ShapeOps();

  constructor(opset: Opset) {
    this.opset = opset;
  }

  /** One node. `inputs` are values, or names of constants that describe the operation (axes, shapes). */
  protected emit(
    form: ShapeValue,
    op: string,
    inputs: readonly (Value | string)[],
    attributes?: GraphNode['attributes'],
  ): Value {
    const names = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    const batched = inputs.some((input) => typeof input !== 'string' && input.batched);
    return { name: this.graph.node(op, names, attributes), form, batched };
  }

  /** An element-wise operation of two values, broadcast. */
  protected binary(op: string, a: Value, b: Value): Value {
    const out = this.emit(this.shapes.add(a.form, b.form), op, [a, b]);
    const rank = layoutOf(out).length;
    for (const x of [a, b]) {
      const shape = layoutOf(x);
      // a shorter value is lined up from the right: its batch would meet another axis
      if (x.batched && shape.length < rank)
        throw fault(`${op} would mix the batch of [${shape}] with another axis`);
      if (!x.batched && out.batched && shape.length === rank && shape[0] !== 1)
        throw fault(`${op} would mix the batch with axis 0 of [${shape}]`);
    }
    return out;
  }

  protected int64(...values: (number | bigint)[]): string {
    return this.graph.constant(BigInt64Array.from(values, BigInt));
  }
}

/** Refuses an axis that is not there, or is the batch. */
export function checkAxis(what: string, x: Value, axis: number): void {
  const shape = layoutOf(x);
  if (axis < (x.batched ? 1 : 0) || axis >= shape.length)
    throw fault(`${what} along axis ${axis} of [${shape}]${x.batched ? ', whose axis 0 is the batch' : ''}`);
}

/** Refuses to join values with and without the batch: only element-wise operations broadcast over it. */
export function checkBatch(what: string, xs: readonly Value[]): void {
  if (xs.some((x) => x.batched !== xs[0]!.batched))
    throw fault(`${what} joins values with and without the batch; use repeatBatch`);
}

export const fault = (what: string) =>
  new ModelError('model/onnx', `The network cannot be exported with a dynamic batch: ${what}.`);

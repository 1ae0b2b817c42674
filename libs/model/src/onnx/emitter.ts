import { ModelError } from '../errors.ts';
import { ShapeOps, type ShapeValue } from '../ops/shape-ops.ts';
import { Graph, type GraphNode } from './graph.ts';
import type { Opset } from './opset.ts';
import { dataTypes } from './tensor.ts';
import { layoutOf, type ElementType, type Value } from './value.ts';

/**
 * What every operation of the builder is written with: a graph, shape inference, the rules of the symbolic batch, and
 * the types.
 *
 * **Half precision** follows the rules of mixed-precision training (Micikevicius et al. 2018, and PyTorch's autocast): with
 * `dtype` float16, convolutions and products with weights are float16; exponentials, logarithms, roots, squares, sums,
 * means, softmax and norms are float32; whatever else there is has the widest type among its inputs. So decays and the
 * segment sums of the scan, which start at a softplus, stay float32 up to the exponential and the products after it.
 * Layers of few weights stay float32 throughout, see `FEW_WEIGHTS`.
 */
export class Emitter {
  readonly opset: Opset;
  /** What the large products are computed in. */
  readonly dtype: ElementType;
  protected readonly graph = new Graph();
  protected readonly shapes = new ShapeOps();

  readonly #fewWeights: number;

  constructor(opset: Opset, dtype: ElementType, fewWeights = FEW_WEIGHTS) {
    this.opset = opset;
    this.dtype = dtype;
    this.#fewWeights = fewWeights;
  }

  /**
   * One node. `inputs` are values, or names of constants that describe the operation (axes, shapes); the values are cast
   * to `type`, which the result has too.
   */
  protected emit(
    form: ShapeValue,
    op: string,
    inputs: readonly (Value | string)[],
    attributes?: GraphNode['attributes'],
    type: ElementType = this.widest(inputs.filter((input) => typeof input !== 'string')),
  ): Value {
    const names = inputs.map((input) => (typeof input === 'string' ? input : this.nameIn(type, input)));
    const batched = inputs.some((input) => typeof input !== 'string' && input.batched);
    return { name: this.graph.node(op, names, attributes), form, batched, type };
  }

  /** `x` in `type`, by a `Cast` where it is another. */
  protected cast(x: Value, type: ElementType): Value {
    return { ...x, name: this.nameIn(type, x), type };
  }

  /** The type of what is computed of `values`: weights and constants adapt. */
  protected widest(values: readonly Value[]): ElementType {
    const computed = values
      .map(({ type }) => type)
      .filter((type) => type !== 'weight' && type !== 'constant');
    if (computed.length === 0) return this.dtype;
    return computed.includes('float32') ? 'float32' : 'float16';
  }

  /** What a layer with these weights is computed in. */
  protected productType(weights: Value): ElementType {
    const count = layoutOf(weights).reduce((product, size) => product * size, 1);
    return count < this.#fewWeights ? 'float32' : this.dtype;
  }

  protected nameIn(type: ElementType, x: Value): string {
    if (x.type === type) return x.name;
    if (x.type === 'weight' || x.type === 'constant') return this.graph.stored(x.name, type);
    return this.graph.once(`${x.name} as ${type}`, () =>
      this.graph.node('Cast', [x.name], { to: dataTypes[type] }),
    );
  }

  /** An element-wise operation of two values, broadcast. */
  protected binary(op: string, a: Value, b: Value, type?: ElementType): Value {
    const out = this.emit(this.shapes.add(a.form, b.form), op, [a, b], {}, type);
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

/**
 * A layer with fewer weights keeps them in float32 and is computed in it. They are a few per cent of a file, and the layers
 * near the image and near the output are among them: with these in float16 too, affinities of an untrained `base` differed
 * by 1.3 % of the largest; without them, by 0.4 % (isotropic) and 0.7 %.
 */
const FEW_WEIGHTS = 2 ** 15;

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

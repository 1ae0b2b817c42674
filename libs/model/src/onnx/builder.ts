import type { ParameterSource } from '../network/parameters.ts';
import type { MapShape, Ops, Vec3 } from '../ops/ops.ts';
import { arrayOf, type ShapeValue } from '../ops/shape-ops.ts';
import { ArrayOps } from './array-ops.ts';
import { convolution } from './convolution.ts';
import { checkBatch, fault } from './emitter.ts';
import { contentOf, encodeModel, type Content, type ModelHeader } from './encode.ts';
import { defaultOpset, type Opset } from './opset.ts';
import { weightSource, type Weights } from './parameters.ts';
import { layoutOf, type ElementType, type Value } from './value.ts';
import { writeModel, type WriteOptions, type WrittenFile } from './write.ts';

export interface BuildOptions {
  readonly graphName?: string;
  /** Kept in the file as `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * `Ops` that writes down instead of computing: run the network once with it, and what it did is an ONNX graph.
 *
 * Tracing sees a batch of 1; the graph has a symbolic batch `N`. That works because no operation of `Ops` merges axis 0
 * with another: a `Reshape` copies it, everything else leaves it alone. `Value.batched` tells values with that axis from
 * those that broadcast over it, so a network that would only run with a batch of 1 is refused here and not by a user's
 * runtime. Shapes are inferred and checked by `ShapeOps`. Maps are [N, C, z, y, x].
 *
 * @example
 * const builder = new OnnxBuilder();
 * const x = builder.input('x', arrayOf([1, 4]));
 * const bytes = builder.build({ y: builder.exp(x) }); // a model x [N, 4] -> y [N, 4]
 */
export class OnnxBuilder extends ArrayOps implements Ops<Value> {
  /** @param options.fewWeights below which a layer stays float32 in a float16 graph */
  constructor(options: { opset?: Opset; dtype?: ElementType; fewWeights?: number } = {}) {
    super(options.opset ?? defaultOpset, options.dtype ?? 'float32', options.fewWeights);
  }

  /** An input, float32, with the symbolic batch in place of axis 0. */
  input(name: string, form: ShapeValue): Value {
    const value: Value = { name, form, batched: true, type: 'float32' };
    this.graph.input(name, layoutOf(value));
    return value;
  }

  /** Weights as initialisers. @throws ModelError `model/parameters`, from the source's `get` */
  parameterSource(weights: Weights): ParameterSource<Value> {
    return weightSource(this.graph, weights);
  }

  /**
   * The bytes of a .onnx file with the part of the graph that `outputs` need.
   * @throws ModelError `model/onnx` when an output does not depend on an input, or the weights exceed 2 GiB
   */
  build(outputs: Readonly<Record<string, Value>>, options: BuildOptions = {}): Uint8Array {
    return encodeModel(...this.#parts(outputs, options));
  }

  /** `build` into a file, with the tensors beside it when they are large: see `writeModel`. */
  write(
    path: string,
    outputs: Readonly<Record<string, Value>>,
    options: BuildOptions & WriteOptions = {},
  ): Promise<readonly WrittenFile[]> {
    return writeModel(path, ...this.#parts(outputs, options), options);
  }

  #parts(outputs: Readonly<Record<string, Value>>, options: BuildOptions): [Content, ModelHeader] {
    const ports = Object.entries(outputs).map(([name, value]) => {
      if (!value.batched) throw fault(`output '${name}' does not depend on the input`);
      return { value: this.nameIn('float32', value), port: { name, shape: layoutOf(value) } };
    });
    const { graphName = 'network', metadata = {} } = options;
    return [contentOf(this.graph, ports), { opset: this.opset, graphName, metadata }];
  }

  // ---- maps -----------------------------------------------------------------------------------------------------

  mapShape(x: Value): MapShape {
    return this.shapes.mapShape(x.form);
  }
  conv3d(x: Value, filter: Value, bias: Value | undefined, strides: Vec3): Value {
    const form = this.shapes.conv3d(x.form, filter.form, bias?.form, strides);
    const { space } = this.mapShape(x);
    const type = this.productType(filter);
    const { weights, attributes } = convolution(this.graph, filter.name, { space, strides, type });
    return this.emit(form, 'Conv', bias ? [x, weights, bias] : [x, weights], attributes, type);
  }
  instanceNorm(x: Value, gain: Value, offset: Value, epsilon: number): Value {
    const form = this.shapes.instanceNorm(x.form);
    const attributes = { epsilon: { float: epsilon } };
    const normal = this.emit(form, 'InstanceNormalization', [x, gain, offset], attributes, 'float32');
    return this.cast(normal, this.widest([x]));
  }
  /** Output cell i shows input cell floor(i / factor). By `Gather`: 5-axis `Resize` takes 6 times as long (1.30, CPU). */
  upsample(x: Value, factors: Vec3): Value {
    const form = this.shapes.upsample(x.form, factors);
    const { space } = this.mapShape(x);
    let out = x;
    // x first: later axes copy longer and longer runs
    for (const axis of [2, 1, 0] as const) {
      const factor = factors[axis];
      if (factor === 1) continue;
      const cells = Array.from({ length: space[axis] * factor }, (_, i) => Math.floor(i / factor));
      out = this.emit(form, 'Gather', [out, this.int64(...cells)], { axis: axis + 2 });
    }
    return out;
  }
  concatChannels(xs: readonly Value[]): Value {
    checkBatch('concatChannels', xs);
    const forms = xs.map((x) => x.form);
    return this.emit(this.shapes.concatChannels(forms), 'Concat', xs, { axis: 1 });
  }
  toTokens(x: Value): Value {
    const { batch, channels, space } = this.mapShape(x);
    const shape = [batch, channels, space[0] * space[1] * space[2]];
    return this.transpose(this.emit(arrayOf(shape), 'Reshape', [x, this.likeBatch(shape)]), [0, 2, 1]);
  }
  fromTokens(x: Value, space: Vec3): Value {
    const form = this.shapes.fromTokens(x.form, space);
    const rows = this.transpose(x, [0, 2, 1]);
    return this.emit(form, 'Reshape', [rows, this.likeBatch([1, this.shapeOf(rows)[1]!, ...space])]);
  }
}

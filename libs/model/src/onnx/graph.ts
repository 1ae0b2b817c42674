import { createHash } from 'node:crypto';
import { ModelError } from '../errors.ts';
import type { Shape } from '../ops/ops.ts';
import type { ElementType } from './value.ts';

/** An integer, a list of integers, a text, or a float. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface GraphNode {
  readonly op: string;
  /** Also the name of its one output. */
  readonly name: string;
  /** '' leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Weights and constants by reference: they are read when the file is written, and must not change until then. */
export interface GraphTensor {
  readonly name: string;
  readonly shape: Shape;
  /** As it is in the file. */
  readonly type: ElementType | 'int64';
  /** Called once for each file that is written. */
  readonly data: () => Float32Array | BigInt64Array;
}

export interface GraphPort {
  readonly name: string;
  /** Axis 0 is the symbolic batch, whatever is written here. */
  readonly shape: Shape;
}

/** Nodes in the order they were made, which is an order they can run in, and the tensors they use. */
export class Graph {
  readonly inputs: GraphPort[] = [];
  readonly nodes: GraphNode[] = [];
  readonly tensors = new Map<string, GraphTensor>();
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, string>();
  readonly #memo = new Map<string, string>();

  input(name: string, shape: Shape): string {
    this.inputs.push({ name: this.#claim(name), shape });
    return name;
  }

  node(op: string, inputs: readonly string[], attributes: GraphNode['attributes'] = {}): string {
    const name = this.#claim(`${op}_${this.nodes.length}`);
    this.nodes.push({ op, name, inputs, attributes });
    return name;
  }

  tensor(
    name: string,
    shape: Shape,
    data: GraphTensor['data'],
    type: GraphTensor['type'] = 'float32',
  ): string {
    this.tensors.set(this.#claim(name), { name, shape, type, data });
    return name;
  }

  /** The name under which a float tensor is stored in `type`: its own, or one for a copy. */
  stored(name: string, type: ElementType): string {
    const tensor = this.tensors.get(name);
    if (!tensor || tensor.type === type) return name;
    return this.once(`${name} in ${type}`, () =>
      this.tensor(`${name}.${type}`, tensor.shape, tensor.data, type),
    );
  }

  /** A tensor without a name of its own: equal contents are stored once. */
  constant(data: Float32Array | BigInt64Array, shape: Shape = [data.length]): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const digest = createHash('sha256')
      .update(`${data.constructor.name} [${shape}] `)
      .update(bytes)
      .digest('hex');
    let name = this.#constants.get(digest);
    if (name === undefined) {
      const type = data instanceof Float32Array ? 'float32' : 'int64';
      name = this.tensor(`constant_${this.#constants.size}`, shape, () => data, type);
      this.#constants.set(digest, name);
    }
    return name;
  }

  /** What `make` made the first time it was asked for under `key`. */
  once(key: string, make: () => string): string {
    const made = this.#memo.get(key) ?? make();
    this.#memo.set(key, made);
    return made;
  }

  /** @throws ModelError `model/onnx` when the name is taken, or empty */
  checkFree(name: string): void {
    if (name === '' || this.#names.has(name))
      throw new ModelError(
        'model/onnx',
        `The name '${name}' is used twice in one ONNX graph; rename the parameter or input.`,
      );
  }

  #claim(name: string): string {
    this.checkFree(name);
    this.#names.add(name);
    return name;
  }
}

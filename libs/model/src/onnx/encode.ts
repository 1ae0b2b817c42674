import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { ModelError } from '../errors.ts';
import {
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  type AttributeProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './generated/onnx_pb.ts';
import type { Attribute, Graph, GraphNode, GraphPort, GraphTensor } from './graph.ts';
import { irVersionOf, type Opset } from './opset.ts';
import { byteLengthOf, bytesOf, dataTypes } from './tensor.ts';

/** Protocol buffers end at 2 GiB; beyond it ONNX wants the weights in a second file. */
const LARGEST = 2 ** 31 - 2 ** 20;

export interface ModelHeader {
  readonly opset: Opset;
  readonly graphName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a graph gives: `value` of the graph, under the name and shape of `port`. */
export interface Output {
  readonly value: string;
  readonly port: GraphPort;
}

/** A graph as it goes into a file: only what its outputs need. */
export interface Content {
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly Output[];
  readonly nodes: readonly GraphNode[];
  readonly tensors: readonly GraphTensor[];
  /** Of all tensors. */
  readonly byteLength: number;
}

/** @throws ModelError `model/onnx` when an output has the name of something in the graph */
export function contentOf(graph: Graph, outputs: readonly Output[]): Content {
  for (const { port } of outputs) graph.checkFree(port.name);
  const { nodes, tensors } = reachable(
    graph,
    outputs.map(({ value }) => value),
  );
  const byteLength = tensors.reduce((sum, tensor) => sum + byteLengthOf(tensor), 0);
  return { inputs: graph.inputs, outputs, nodes, tensors, byteLength };
}

/**
 * The bytes of a .onnx file, tensors included.
 * @throws ModelError `model/onnx` when they exceed 2 GiB, or a weight is beyond float16
 */
export function encodeModel(content: Content, header: ModelHeader): Uint8Array {
  const { byteLength, tensors } = content;
  if (byteLength > LARGEST)
    throw new ModelError(
      'model/onnx',
      `The weights take ${byteLength} bytes and one .onnx file holds at most ${LARGEST}; write them beside it with writeOnnx.`,
      { details: { size: byteLength, limit: LARGEST } },
    );
  return encodeWith(
    content,
    header,
    tensors.map((tensor) => ({ ...tensorProto(tensor), rawData: bytesOf(tensor) })),
  );
}

/** The bytes of a .onnx file whose tensors are `initializer`, in order. */
export function encodeWith(
  { inputs, outputs, nodes }: Content,
  { opset, graphName, metadata }: ModelHeader,
  initializer: readonly MessageInitShape<typeof TensorProtoSchema>[],
): Uint8Array {
  const renames = outputs.map(({ value, port }): GraphNode => ({
    op: 'Identity',
    name: port.name,
    inputs: [value],
    attributes: {},
  }));
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersionOf(opset)),
    producerName: 'tokenunify',
    opsetImport: [{ domain: '', version: BigInt(opset) }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: graphName,
      input: inputs.map(portProto),
      output: outputs.map(({ port }) => portProto(port)),
      node: [...nodes, ...renames].map(nodeProto),
      initializer: [...initializer],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** Nodes and tensors that lead to `wanted`; the rest of what was traced stays out of the file. */
function reachable(graph: Graph, wanted: readonly string[]): { nodes: GraphNode[]; tensors: GraphTensor[] } {
  const needed = new Set(wanted);
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!needed.has(node.name)) return false;
    node.inputs.forEach((input) => needed.add(input));
    return true;
  });
  return {
    nodes: nodes.reverse(),
    tensors: [...graph.tensors.values()].filter(({ name }) => needed.has(name)),
  };
}

const portProto = ({ name, shape }: GraphPort): MessageInitShape<typeof ValueInfoProtoSchema> => ({
  name,
  type: {
    value: {
      case: 'tensorType',
      value: {
        elemType: dataTypes.float32,
        shape: {
          dim: shape.map((size, axis) => ({
            value: axis === 0 ? { case: 'dimParam', value: 'N' } : { case: 'dimValue', value: BigInt(size) },
          })),
        },
      },
    },
  },
});

const nodeProto = ({
  op,
  name,
  inputs,
  attributes,
}: GraphNode): MessageInitShape<typeof NodeProtoSchema> => ({
  opType: op,
  name,
  input: [...inputs],
  output: [name],
  attribute: Object.entries(attributes).map(([key, value]) => ({ name: key, ...attributeProto(value) })),
});

function attributeProto(value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'number') return { type: Kind.INT, i: BigInt(value) };
  if (typeof value === 'string') return { type: Kind.STRING, s: new TextEncoder().encode(value) };
  if (isFloat(value)) return { type: Kind.FLOAT, f: value.float };
  return { type: Kind.INTS, ints: value.map(BigInt) };
}

// `Array.isArray` does not narrow readonly arrays
const isFloat = (value: Exclude<Attribute, number | string>): value is { readonly float: number } =>
  'float' in value;

/** A tensor without its numbers. */
export const tensorProto = ({ name, shape, type }: GraphTensor) =>
  ({
    name,
    dims: shape.map(BigInt),
    dataType: dataTypes[type],
  }) satisfies MessageInitShape<typeof TensorProtoSchema>;

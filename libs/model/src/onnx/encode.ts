import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { ModelError } from '../errors.ts';
import {
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  TensorProto_DataType as DataType,
  type AttributeProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './generated/onnx_pb.ts';
import type { Attribute, Graph, GraphNode, GraphPort, GraphTensor } from './graph.ts';
import { irVersionOf, type Opset } from './opset.ts';

/** Protocol buffers end at 2 GiB; beyond it ONNX wants the weights in a second file. */
const LARGEST = 2 ** 31 - 2 ** 20;

export interface ModelHeader {
  readonly opset: Opset;
  readonly graphName: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The bytes of a .onnx file with the parts of `graph` that `outputs` need.
 * `outputs` name values of the graph; `port.name` is what each is called outside.
 */
export function encodeModel(
  graph: Graph,
  outputs: readonly { readonly value: string; readonly port: GraphPort }[],
  { opset, graphName, metadata }: ModelHeader,
): Uint8Array {
  for (const { port } of outputs) graph.checkFree(port.name);
  const { nodes, tensors } = reachable(
    graph,
    outputs.map(({ value }) => value),
  );
  const size = tensors.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (size > LARGEST)
    throw new ModelError(
      'model/onnx',
      `The weights take ${size} bytes and one .onnx file holds at most ${LARGEST}; export a smaller preset.`,
      { details: { size, limit: LARGEST } },
    );
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
      input: graph.inputs.map(portProto),
      output: outputs.map(({ port }) => portProto(port)),
      node: [...nodes, ...renames].map(nodeProto),
      initializer: tensors.map(tensorProto),
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
        elemType: DataType.FLOAT,
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

/** `raw_data` is little-endian, as every machine that Node runs on for us. */
const tensorProto = ({ name, shape, data }: GraphTensor): MessageInitShape<typeof TensorProtoSchema> => ({
  name,
  dims: shape.map(BigInt),
  dataType: data instanceof Float32Array ? DataType.FLOAT : DataType.INT64,
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataType,
} from '../onnx/generated/onnx_pb.ts';

export type TinyKind = 'copies' | 'not-finite' | 'one-channel' | 'logits';

/** [op, inputs, output, integer attributes] of each node; 'raw' goes in, 'affinities' comes out. */
const GRAPHS: Record<TinyKind, [string, string[], string, Record<string, number>][]> = {
  // Affinity d is the input itself, so a test can say what must come back.
  copies: [['Concat', ['raw', 'raw', 'raw'], 'affinities', { axis: 1 }]],
  // sqrt(-x): 0 for the zeros of the warm-up, NaN for any voxel above.
  'not-finite': [
    ['Neg', ['raw'], 'negative', {}],
    ['Sqrt', ['negative'], 'root', {}],
    ['Concat', ['root', 'root', 'root'], 'affinities', { axis: 1 }],
  ],
  logits: [
    ['Exp', ['raw'], 'once', {}],
    ['Exp', ['once'], 'twice', {}],
    ['Concat', ['twice', 'twice', 'twice'], 'affinities', { axis: 1 }],
  ],
  'one-channel': [['Sigmoid', ['raw'], 'affinities', {}]],
};

/** A few hundred bytes of ONNX with the ports of our models, for tests that need no network. */
export function tinyModel(kind: TinyKind, tile: readonly number[]): Uint8Array {
  const port = (name: string, channels: number) => ({
    name,
    type: {
      value: {
        case: 'tensorType' as const,
        value: {
          elemType: TensorProto_DataType.FLOAT,
          shape: {
            dim: [
              { value: { case: 'dimParam' as const, value: 'N' } },
              ...[channels, ...tile].map((size) => ({
                value: { case: 'dimValue' as const, value: BigInt(size) },
              })),
            ],
          },
        },
      },
    },
  });
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ domain: '', version: 17n }],
    graph: {
      name: kind,
      input: [port('raw', 1)],
      output: [port('affinities', kind === 'one-channel' ? 1 : 3)],
      node: GRAPHS[kind].map(([opType, input, output, attributes]) => ({
        opType,
        input,
        output: [output],
        name: output,
        attribute: Object.entries(attributes).map(([name, value]) => ({
          name,
          type: AttributeProto_AttributeType.INT,
          i: BigInt(value),
        })),
      })),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

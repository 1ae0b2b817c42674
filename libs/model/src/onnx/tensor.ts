import { Float16Array } from '@petamoriken/float16';
import { ModelError } from '../errors.ts';
import type { Shape } from '../ops/ops.ts';
import { TensorProto_DataType as DataType } from './generated/onnx_pb.ts';
import type { GraphTensor } from './graph.ts';

export const dataTypes = {
  float32: DataType.FLOAT,
  float16: DataType.FLOAT16,
  int64: DataType.INT64,
} as const satisfies Readonly<Record<GraphTensor['type'], DataType>>;

const widths = { float32: 4, float16: 2, int64: 8 } as const satisfies Readonly<
  Record<GraphTensor['type'], number>
>;

/** Of a tensor in the file; nothing is read for it. */
export const byteLengthOf = ({ shape, type }: { shape: Shape; type: GraphTensor['type'] }): number =>
  shape.reduce((product, size) => product * size, widths[type]);

/**
 * `raw_data` of a tensor: little-endian, as every machine that Node runs on for us.
 * @throws ModelError `model/onnx` when a number is beyond float16
 */
export function bytesOf({ name, type, data }: GraphTensor): Uint8Array {
  const values = data();
  const stored = type === 'float16' ? halves(name, values as Float32Array) : values; // floats, as `type` says
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

/** The bits, rounded to nearest even. Small numbers lose digits and then vanish; large ones must not become infinite. */
function halves(name: string, values: Float32Array): Uint16Array {
  const bits = new Uint16Array(new Float16Array(values).buffer);
  for (let i = 0; i < bits.length; i++)
    if ((bits[i]! & 0x7c00) === 0x7c00)
      throw new ModelError(
        'model/onnx',
        `Weight '${name.replace(/\.oizyx|\.float16/g, '')}' holds ${values[i]}, and float16 ends at 65504; export with --dtype float32.`,
        { details: { name, index: i, value: values[i], limit: 65504 } },
      );
  return bits;
}

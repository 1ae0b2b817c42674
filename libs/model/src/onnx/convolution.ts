import { ModelError } from '../errors.ts';
import type { Vec3 } from '../ops/ops.ts';
import type { Graph, GraphNode, GraphTensor } from './graph.ts';
import type { ElementType } from './value.ts';

/** Cells before and after each axis with which a convolution gives ceil(size / stride) cells: TensorFlow's SAME. */
export function samePadding(size: Vec3, kernel: Vec3, strides: Vec3): { before: number[]; after: number[] } {
  const total = size.map((cells, i) =>
    Math.max((Math.ceil(cells / strides[i]!) - 1) * strides[i]! + kernel[i]! - cells, 0),
  );
  const before = total.map((cells) => Math.floor(cells / 2));
  return { before, after: total.map((cells, i) => cells - before[i]!) };
}

/**
 * Weights and attributes of a `Conv` over a map of size `space`. The filter, a tensor [kz, ky, kx, in, out] of the
 * graph, is stored once more as [out, in, kz, ky, kx]; the original is dropped when nothing else uses it.
 * @throws ModelError `model/onnx` when the filter is no parameter or constant
 */
export function convolution(
  graph: Graph,
  filter: string,
  { space, strides, type }: { space: Vec3; strides: Vec3; type: ElementType },
): { weights: string; attributes: GraphNode['attributes'] } {
  const tensor = graph.tensors.get(filter);
  if (tensor?.type !== 'float32')
    throw new ModelError(
      'model/onnx',
      `The filter '${filter}' of a convolution is computed; pass a parameter or a constant to conv3d.`,
    );
  const [kz, ky, kx, channels, out] = tensor.shape as [number, number, number, number, number]; // ShapeOps saw to it
  const reordered = graph.once(`filter ${filter}`, () =>
    graph.tensor(`${filter}.oizyx`, [out, channels, kz, ky, kx], () =>
      outputsFirst(floatsOf(tensor), kz * ky * kx, channels, out),
    ),
  );
  const weights = graph.stored(reordered, type);
  const { before, after } = samePadding(space, [kz, ky, kx], strides);
  return { weights, attributes: { kernel_shape: [kz, ky, kx], strides, pads: [...before, ...after] } };
}

const floatsOf = ({ data }: GraphTensor): Float32Array => data() as Float32Array; // its type says so

/** [taps, in, out] -> [out, in, taps]. */
function outputsFirst(data: Float32Array, taps: number, channels: number, out: number): Float32Array {
  const result = new Float32Array(data.length);
  for (let tap = 0, i = 0; tap < taps; tap++)
    for (let c = 0; c < channels; c++)
      for (let o = 0; o < out; o++, i++) result[(o * channels + c) * taps + tap] = data[i]!;
  return result;
}

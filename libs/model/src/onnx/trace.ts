import { ModelError } from '../errors.ts';
import type { ParameterSource } from '../network/parameters.ts';
import type { Ops } from '../ops/ops.ts';
import { mapOf } from '../ops/shape-ops.ts';
import { OnnxBuilder } from './builder.ts';
import { defaultOpset, type Opset } from './opset.ts';
import type { Weights } from './parameters.ts';
import type { ElementType, Value } from './value.ts';
import type { WriteOptions, WrittenFile } from './write.ts';

export interface TraceOptions {
  readonly opset?: Opset;
  /** float32 unless given; float16 halves the file and what a GPU has to move, see `Emitter`. Inputs and outputs stay float32. */
  readonly dtype?: ElementType;
  /** [channels, z, y, x] of the input; the batch is dynamic. */
  readonly inputShape: readonly [channels: number, z: number, y: number, x: number];
  readonly inputName?: string;
  readonly outputName?: string;
  readonly weights: Weights;
  /** The network: a map in, a map out. */
  readonly trace: (ops: Ops<Value>, parameters: ParameterSource<Value>, input: Value) => Value;
  /** Kept in the file as `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Runs a network once and returns it as a .onnx file: float32 'raw' [N, C, z, y, x] -> 'affinities' [N, C', z', y', x'].
 *
 * @throws ModelError `model/parameters` when a weight is missing, asked for twice or of another shape;
 *   `model/shape` when the network does not fit the input; `model/onnx` when the graph cannot be written
 * @example
 * const bytes = traceOnnx({
 *   inputShape: [1, 16, 64, 64],
 *   weights,
 *   trace: (ops, parameters, raw) => network(ops, parameters, raw),
 * });
 */
export function traceOnnx(options: TraceOptions): Uint8Array {
  const { builder, outputs, header } = traced(options);
  return builder.build(outputs, header);
}

/**
 * `traceOnnx` into a file, for networks of any size: weights are written one by one, and beyond 512 MiB into a second file
 * beside it, `model.onnx.data`, which belongs to the model from then on. Weights given as functions are never in memory
 * together.
 *
 * @param path of the .onnx file; its directory must be there
 * @returns the files written, the model first, with their sha256
 * @throws what `traceOnnx` does; the signal's reason; what the file system throws. Then neither file is there
 * @example
 * const [model, data] = await writeOnnx('out/model.onnx', { inputShape: [1, 16, 160, 160], weights, trace });
 */
export function writeOnnx(
  path: string,
  options: TraceOptions & WriteOptions,
): Promise<readonly WrittenFile[]> {
  const { builder, outputs, header } = traced(options);
  return builder.write(path, outputs, { ...options, ...header });
}

function traced(options: TraceOptions) {
  const { inputShape, inputName = 'raw', outputName = 'affinities', metadata = {} } = options;
  const { opset = defaultOpset, dtype = 'float32' } = options;
  const [channels, ...space] = inputShape;
  const builder = new OnnxBuilder({ opset, dtype });
  const input = builder.input(inputName, mapOf(1, channels, space));
  const output = options.trace(builder, builder.parameterSource(options.weights), input);
  if (output.form.kind !== 'map')
    throw new ModelError(
      'model/onnx',
      `The output '${outputName}' is an array [${output.form.shape}], not a map; end the network with fromTokens.`,
    );
  return { builder, outputs: { [outputName]: output }, header: { graphName: 'tokenunify', metadata } };
}

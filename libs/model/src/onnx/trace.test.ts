import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import { zeros } from '../network/parameters.ts';
import { arrayOf, mapOf } from '../ops/shape-ops.ts';
import { OnnxBuilder } from './builder.ts';
import { ModelProtoSchema, type ModelProto } from './generated/onnx_pb.ts';
import { toOpset } from './opset.ts';
import type { Weights } from './parameters.ts';
import { traceOnnx, type TraceOptions } from './trace.ts';

const filled = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 8),
});
const weights: Weights = new Map([
  ['conv.weight', filled(3, 3, 3, 1, 3)],
  ['conv.bias', filled(3)],
  ['voxels.weight', filled(4)],
]);
const base: TraceOptions = {
  inputShape: [1, 4, 6, 8],
  weights,
  trace: (ops, p, raw) =>
    ops.conv3d(raw, p.get('conv.weight', [3, 3, 3, 1, 3], zeros), p.get('conv.bias', [3], zeros), [2, 2, 2]),
};
const decode = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);
const port = (value: NonNullable<ModelProto['graph']>['input'][number]) => [
  value.name,
  ...(value.type?.value.case === 'tensorType'
    ? (value.type.value.value.shape?.dim ?? []).map((dim) => dim.value.value)
    : []),
];
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (isModelError(error)) return error.code;
    throw error;
  }
  return 'no error';
};

describe('traceOnnx', () => {
  const model = decode(traceOnnx({ ...base, metadata: { preset: 'nano' } }));

  it('names its input and output and leaves the batch open', () => {
    expect(model.graph!.input.map(port)).toEqual([['raw', 'N', 1n, 4n, 6n, 8n]]);
    expect(model.graph!.output.map(port)).toEqual([['affinities', 'N', 3n, 2n, 3n, 4n]]);
  });
  it('says who made it, and keeps the metadata', () => {
    expect(model.producerName).toBe('tokenunify');
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([['preset', 'nano']]);
  });
  it.each([
    [17, 8n],
    [18, 8n],
    [19, 9n],
    [20, 9n],
    [21, 10n],
  ] as const)('writes opset %i with IR version %i', (opset, irVersion) => {
    const made = decode(traceOnnx({ ...base, opset }));
    expect([made.opsetImport[0]!.version, made.irVersion]).toEqual([BigInt(opset), irVersion]);
  });
  it('stores the weights the network asks for, filters in the order of ONNX, and nothing else', () => {
    const stored = model.graph!.initializer;
    expect(stored.map(({ name, dims }) => [name, ...dims])).toEqual([
      ['conv.bias', 3n],
      ['conv.weight.oizyx', 3n, 1n, 3n, 3n, 3n],
    ]);
  });
  it('leaves out what the output does not need', () => {
    const trace: TraceOptions['trace'] = (ops, p, raw) => {
      ops.exp(p.get('voxels.weight', [4], zeros));
      return ops.relu(raw);
    };
    const { graph } = decode(traceOnnx({ ...base, trace }));
    expect([graph!.node.map((node) => node.opType), graph!.initializer]).toEqual([['Relu', 'Identity'], []]);
  });
  it('gives the same bytes each time', () => {
    expect(traceOnnx(base)).toEqual(traceOnnx(base));
  });

  it('refuses a weight that is missing, of another shape, incomplete, or asked for twice', () => {
    const asking = (name: string, shape: number[]) => (): Uint8Array =>
      traceOnnx({ ...base, trace: (_, p, raw) => (p.get(name, shape, zeros), raw) });
    expect(asking('nothing', [3])).toThrow("Parameter 'nothing' is not among the 3 weights");
    expect(asking('conv.bias', [4])).toThrow(
      "Parameter 'conv.bias' has shape [3] where the network needs [4]",
    );
    expect(codeOf(asking('conv.bias', [4]))).toBe('model/parameters');
    const twice: TraceOptions['trace'] = (_, p, raw) => (
      p.get('conv.bias', [3], zeros),
      p.get('conv.bias', [3], zeros),
      raw
    );
    expect(() => traceOnnx({ ...base, trace: twice })).toThrow('asked for twice');
    const damaged: Weights = new Map([['conv.bias', { shape: [3], data: new Float32Array(2) }]]);
    expect(() =>
      traceOnnx({ ...base, weights: damaged, trace: (_, p, raw) => (p.get('conv.bias', [3], zeros), raw) }),
    ).toThrow('holds 2 numbers for shape [3]');
  });
  it('refuses an output that is no map, does not depend on the input, or has the name of a weight', () => {
    expect(codeOf(() => traceOnnx({ ...base, trace: (ops, _, raw) => ops.toTokens(raw) }))).toBe(
      'model/onnx',
    );
    const constant: TraceOptions['trace'] = (ops) =>
      ops.fromTokens(ops.constant(new Float32Array(8), [1, 8, 1]), [2, 2, 2]);
    expect(() => traceOnnx({ ...base, trace: constant })).toThrow('does not depend on the input');
    expect(codeOf(() => traceOnnx({ ...base, outputName: 'conv.bias' }))).toBe('model/onnx');
  });
  it('refuses an opset it was not tested with', () => {
    expect(toOpset(21)).toBe(21);
    expect(() => toOpset(16)).toThrow('ONNX opset 16 is not supported; choose one from 17 to 21.');
  });
});

describe('OnnxBuilder', () => {
  const builder = () => {
    const made = new OnnxBuilder();
    return { made, x: made.input('x', arrayOf([1, 4, 4])) };
  };

  it('stores equal constants once', () => {
    const { made, x } = builder();
    const constant = () => made.constant(Float32Array.of(1, 2, 3, 4), [4]);
    const other = () => made.constant(Float32Array.of(1, 2, 3, 4), [1, 4]);
    const y = made.add(made.add(made.add(x, constant()), constant()), other());
    expect(decode(made.build({ y })).graph!.initializer.map(({ dims }) => dims)).toEqual([[4n], [1n, 4n]]);
  });
  it('stores a filter used twice once', () => {
    const made = new OnnxBuilder();
    const source = made.parameterSource(new Map([['w', filled(1, 1, 1, 2, 2)]]));
    const w = source.get('w', [1, 1, 1, 2, 2], zeros);
    const x = made.input('x', mapOf(1, 2, [2, 2, 2]));
    const y = made.conv3d(made.conv3d(x, w, undefined, [1, 1, 1]), w, undefined, [1, 1, 1]);
    expect(decode(made.build({ y })).graph!.initializer).toHaveLength(1);
  });
  it('refuses what would only run with a batch of 1', () => {
    const { made, x } = builder();
    const ones = (...shape: number[]) => made.constant(filled(...shape).data, shape);
    const flat = made.reshape(x, [1, 16]);
    expect(() => made.sum(x, 0)).toThrow('whose axis 0 is the batch');
    expect(() => made.concat([x, ones(1, 2, 4)], 1)).toThrow('use repeatBatch');
    expect(() => made.matmul(x, ones(1, 4, 4))).toThrow('use repeatBatch');
    expect(() => made.add(flat, ones(1, 2, 16))).toThrow('mix the batch');
    expect(() => made.add(x, ones(4, 1, 1))).toThrow('mix the batch');
    expect(() => made.dense(x, made.sum(x, 1))).toThrow('depends on the input');
    expect(codeOf(() => made.repeatBatch(x, x))).toBe('model/onnx');
  });
  it('refuses a filter that is computed', () => {
    const made = new OnnxBuilder();
    const x = made.input('x', mapOf(1, 1, [2, 2, 2]));
    const w = made.exp(made.constant(filled(1, 1, 1, 1, 1).data, [1, 1, 1, 1, 1]));
    expect(() => made.conv3d(x, w, undefined, [1, 1, 1])).toThrow('pass a parameter or a constant');
  });
});

describe('float16', () => {
  const half: TraceOptions = { ...base, dtype: 'float16' };
  /** One pointwise convolution with the weights given. */
  const layer = (data: Float32Array, fewWeights = 0): ModelProto => {
    const made = new OnnxBuilder({ dtype: 'float16', fewWeights });
    const shape = [1, 1, 1, 1, data.length];
    const w = made.parameterSource(new Map([['w', { shape, data }]])).get('w', shape, zeros);
    const y = made.conv3d(made.input('x', mapOf(1, 1, [2, 2, 2])), w, undefined, [1, 1, 1]);
    return decode(made.build({ y }));
  };

  it('takes and gives float32, and stores its weights in half as many bytes', () => {
    const model = layer(Float32Array.of(1, 2, 3));
    const elemTypes = [...model.graph!.input, ...model.graph!.output].map(
      ({ type }) => type?.value.case === 'tensorType' && type.value.value.elemType,
    );
    expect(elemTypes).toEqual([1, 1]);
    expect(model.graph!.initializer).toHaveLength(1);
    expect(model.graph!.initializer[0]).toMatchObject({ name: 'w.oizyx.float16', dataType: 10 });
    expect(model.graph!.initializer[0]!.rawData.length).toBe(3 * 2);
    expect(model.graph!.node.map((node) => node.opType)).toEqual(['Cast', 'Conv', 'Cast', 'Identity']);
  });
  it('leaves layers of few weights as they are: float32 throughout', () => {
    expect(layer(Float32Array.of(1, 2, 3), 4).graph!.initializer[0]).toMatchObject({
      name: 'w.oizyx',
      dataType: 1,
    });
    expect(traceOnnx(half)).toEqual(traceOnnx(base));
  });
  it('rounds weights to the nearest half, ties to even', () => {
    const data = Float32Array.of(1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504, -(2 ** -24));
    const bits = new Uint16Array(Uint8Array.from(layer(data).graph!.initializer[0]!.rawData).buffer);
    expect([...bits]).toEqual([0x3c00, 0x3c00, 0x3c02, 0x7bff, 0x8001]);
  });
  it('refuses a weight that would be infinite, and says which', () => {
    expect(() => layer(Float32Array.of(1, 7e4))).toThrow(
      "Weight 'w' holds 70000, and float16 ends at 65504; export with --dtype float32.",
    );
  });

  const ops = new OnnxBuilder({ dtype: 'float16', fewWeights: 0 });
  const x = ops.input('x', arrayOf([1, 4, 4]));
  const w = ops.parameterSource(new Map([['w', filled(4, 4)]])).get('w', [4, 4], zeros);
  const narrow = ops.dense(x, w);
  it('multiplies by weights in float16, and keeps in float32 what overflows, cancels or decays', () => {
    expect(narrow.type).toBe('float16');
    expect(ops.matmul(x, x).type).toBe('float16');
    for (const wide of [
      ops.exp(narrow),
      ops.softplus(narrow),
      ops.softmax(narrow),
      ops.sqrt(narrow),
      ops.meanLast(narrow),
      ops.sum(narrow, 1),
      ops.multiply(narrow, narrow),
    ])
      expect(wide.type).toBe('float32');
  });
  it('leaves everything else as wide as its widest input', () => {
    const wide = ops.exp(narrow);
    for (const out of [ops.add(narrow, wide), ops.concat([narrow, wide], 1), ops.reverse(wide, 1)])
      expect(out.type).toBe('float32');
    for (const out of [ops.add(narrow, w), ops.sigmoid(narrow), ops.pad(narrow, 1, 1, 0)])
      expect(out.type).toBe('float16');
    const sums = ops.constant(filled(4, 2).data, [4, 2]);
    expect(ops.dense(wide, sums).type).toBe('float32');
  });
  it('casts a value once, however often it is used', () => {
    const before = ops.dense(ops.exp(x), w).name;
    const [a, b] = [ops.exp(narrow), ops.exp(narrow)];
    expect(before).not.toBe(a.name);
    const model = decode(ops.build({ y: ops.add(a, b) }));
    expect(model.graph!.node.filter((node) => node.opType === 'Cast')).toHaveLength(2); // of x, and of narrow
  });
});

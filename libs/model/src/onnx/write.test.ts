import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lecun, ones } from '../network/parameters.ts';
import { externalLocations } from './external.ts';
import {
  ModelProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type GraphProtoSchema,
  type ModelProto,
  type TensorProtoSchema,
} from './generated/onnx_pb.ts';
import type { Weights } from './parameters.ts';
import { generator } from './parity.fixture.ts';
import { traceOnnx, writeOnnx, type TraceOptions } from './trace.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'onnx-'));
});
afterEach(() => rm(root, { recursive: true }));

const random = generator(3);
const drawn = (...shape: number[]) => ({
  shape,
  data: random(
    shape.reduce((a, b) => a * b, 1),
    (u) => u - 0.5,
  ),
});
const weights: Weights = new Map([
  ['first', drawn(3, 3, 3, 1, 11)], // 1188 bytes: the next one is not aligned by itself
  ['gain', drawn(11)],
  ['second', drawn(3, 3, 3, 11, 3)],
]);
const network: TraceOptions = {
  inputShape: [1, 4, 6, 8],
  weights,
  trace: (ops, p, raw) => {
    const first = ops.conv3d(raw, p.get('first', [3, 3, 3, 1, 11], lecun(27)), undefined, [1, 1, 1]);
    const biased = ops.conv3d(first, p.get('second', [3, 3, 3, 11, 3], lecun(27)), undefined, [1, 1, 1]);
    p.get('gain', [11], ones);
    return ops.sigmoid(biased);
  },
};
const at = (name: string) => join(root, name);
const decoded = async (name: string): Promise<ModelProto> =>
  fromBinary(ModelProtoSchema, await readFile(at(name)));
const answer = async (model: string | Uint8Array): Promise<Float32Array> => {
  const session = await (typeof model === 'string'
    ? InferenceSession.create(model)
    : InferenceSession.create(model));
  const raw = new Tensor(
    'float32',
    generator(9)(192, (u) => u),
    [1, 1, 4, 6, 8],
  );
  return (await session.run({ raw }))['affinities']!.data as Float32Array;
};

describe('a model in a file', () => {
  it('is what it is as bytes, with its digest', async () => {
    const bytes = traceOnnx(network);
    const files = await writeOnnx(at('model.onnx'), network);
    expect(await readFile(at('model.onnx'))).toEqual(Buffer.from(bytes));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(files).toEqual([{ name: 'model.onnx', bytes: bytes.length, sha256 }]);
    expect(await externalLocations(at('model.onnx'))).toEqual([]);
  });

  it('has its large tensors beside it when told to, each at a multiple of 64, and gives the same answers', async () => {
    const files = await writeOnnx(at('model.onnx'), { ...network, externalData: true });
    expect(files.map(({ name }) => name)).toEqual(['model.onnx', 'model.onnx.data']);
    for (const { name, bytes, sha256 } of files) {
      const content = await readFile(at(name));
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
    }
    const data = await readFile(at('model.onnx.data'));
    const model = await decoded('model.onnx');
    const places = model.graph!.initializer.map(({ name, externalData, rawData }) => {
      const entry = Object.fromEntries(externalData.map(({ key, value }) => [key, value]));
      expect(rawData.length).toBe(0);
      return { name, ...entry } as { name: string; offset: string; length: string; location: string };
    });
    expect(places.map(({ offset, length }) => [Number(offset), Number(length)])).toEqual([
      [0, 1188],
      [1216, 3564],
    ]);
    const whole = fromBinary(ModelProtoSchema, traceOnnx(network)).graph!.initializer;
    places.forEach(({ offset, length, location }, i) => {
      expect(location).toBe('model.onnx.data');
      expect(data.subarray(Number(offset), Number(offset) + Number(length))).toEqual(
        Buffer.from(whole[i]!.rawData),
      );
    });
    expect(await answer(at('model.onnx'))).toEqual(await answer(traceOnnx(network)));
    expect(await externalLocations(at('model.onnx'))).toEqual(['model.onnx.data']);
  });

  it('takes weights one by one from functions, each once', async () => {
    const asked: string[] = [];
    const lazy: Weights = new Map(
      [...weights].map(([name, { shape, data }]) => [
        name,
        { shape, data: () => (asked.push(name), data as Float32Array) },
      ]),
    );
    await writeOnnx(at('lazy.onnx'), { ...network, weights: lazy, externalData: true });
    expect(asked).toEqual(['first', 'second']);
    await writeOnnx(at('model.onnx'), { ...network, externalData: true });
    expect(await readFile(at('lazy.onnx.data'))).toEqual(await readFile(at('model.onnx.data')));
  });

  it('leaves nothing behind when it is aborted, or a weight is wrong', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    for (const externalData of [true, false])
      await expect(writeOnnx(at('model.onnx'), { ...network, externalData, signal })).rejects.toThrow(
        'enough',
      );
    const short: Weights = new Map([
      ...weights,
      ['second', { shape: [3, 3, 3, 11, 3], data: () => new Float32Array(5) }],
    ]);
    await expect(
      writeOnnx(at('model.onnx'), { ...network, weights: short, externalData: true }),
    ).rejects.toMatchObject({
      code: 'model/parameters',
      message: expect.stringContaining("'second' holds 5 numbers"),
    });
    expect(await readdir(root)).toEqual([]);
  });
});

describe('what a model takes from other files is found', () => {
  const outside = (location: string): MessageInitShape<typeof TensorProtoSchema> => ({
    dataLocation: DataLocation.EXTERNAL,
    externalData: [
      { key: 'offset', value: '0' },
      { key: 'location', value: location },
    ],
  });
  const locations = async (model: MessageInitShape<typeof ModelProtoSchema> | Uint8Array) => {
    const bytes =
      model instanceof Uint8Array ? model : toBinary(ModelProtoSchema, create(ModelProtoSchema, model));
    await writeFile(at('model.onnx'), bytes);
    return externalLocations(at('model.onnx'));
  };

  it('wherever it is: initialisers, attributes, subgraphs, functions, sparse tensors', async () => {
    const graph = (location: string): MessageInitShape<typeof GraphProtoSchema> => ({
      initializer: [outside(location)],
    });
    const found = await locations({
      graph: {
        initializer: [outside('../a'), { name: 'inline', rawData: new Uint8Array(1e5) }],
        sparseInitializer: [{ values: outside('b'), indices: outside('c') }],
        node: [
          { attribute: [{ t: outside('d') }, { g: graph('/e') }, { tensors: [outside('f')] }] },
          { attribute: [{ graphs: [graph('g')] }, { sparseTensor: { values: outside('h') } }] },
        ],
      },
      functions: [{ node: [{ attribute: [{ t: outside('i') }] }], attributeProto: [{ t: outside('j') }] }],
      trainingInfo: [{ initialization: graph('k'), algorithm: graph('l') }],
    });
    expect(found.toSorted()).toEqual(
      ['b', 'c', 'd', '/e', 'f', 'g', 'h', '../a', 'k', 'l', 'i', 'j'].toSorted(),
    );
  });

  it('behind unknown fields and groups, and when a message comes in two parts', async () => {
    const part = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, { graph: { initializer: [outside('x')] } }),
    );
    const noise = new BinaryWriter()
      .tag(99, WireType.Bit64)
      .fixed64(1n)
      .tag(98, WireType.Bit32)
      .fixed32(1)
      .tag(97, WireType.StartGroup)
      .tag(7, WireType.LengthDelimited) // a graph, were it not in a group that nobody knows
      .bytes(Uint8Array.of(255))
      .tag(97, WireType.EndGroup)
      .finish();
    const other = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, { graph: { initializer: [outside('y')] } }),
    );
    expect(await locations(Buffer.concat([noise, part, noise, other]))).toEqual(['x', 'y']);
  });

  it('in a file that is none, nothing', async () => {
    for (const bytes of ['weights', '', '\x3a\xff'])
      expect(await locations(Buffer.from(bytes, 'latin1'))).toEqual([]);
    const whole = toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, { graph: { initializer: [outside('x')] } }),
    );
    expect(await locations(whole.subarray(0, -1))).toEqual([]);
  });
});

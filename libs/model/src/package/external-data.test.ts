import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeCheckpoint, readCheckpoint, type Checkpoint } from '../checkpoint/checkpoint.ts';
import { startInference } from '../inference/index.ts';
import { lecun } from '../network/parameters.ts';
import { ModelProtoSchema } from '../onnx/generated/onnx_pb.ts';
import { traceOnnx, writeOnnx, type TraceOptions } from '../onnx/trace.ts';
import {
  packModelPackage,
  readModelPackage,
  runTestTile,
  unpackModelPackage,
  writeModelPackage,
} from './index.ts';
import { packageInput } from './package.fixture.ts';
import type { ModelPackageInput } from './types.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'external-'));
});
afterEach(() => rm(root, { recursive: true }));

const shape = [5, 5, 5, 1, 3];
const network: TraceOptions = {
  inputShape: [1, 2, 4, 6],
  weights: new Map([['w', { shape, data: Float32Array.from({ length: 375 }, (_, i) => Math.sin(i)) }]]),
  trace: (ops, p, raw) => ops.sigmoid(ops.conv3d(raw, p.get('w', shape, lecun(125)), undefined, [1, 1, 1])),
};
const { testOutput: _, ...input } = packageInput;
const large: ModelPackageInput = {
  ...input,
  model: (path) => writeOnnx(path, { ...network, externalData: true }),
};

describe('a package whose tensors lie beside its model', () => {
  it('reads back, runs, and answers as one with everything in one file', async () => {
    const model = await writeModelPackage(join(root, 'a'), large);
    expect(Object.keys(model.files)).toContain('model.onnx.data');
    const inference = await startInference(model, { threads: 1 });
    try {
      expect(await runTestTile(model, inference)).toBe(0);
    } finally {
      await inference.close();
    }
    const whole = await writeModelPackage(join(root, 'b'), { ...input, model: traceOnnx(network) });
    expect(await readFile(model.testOutputPath)).toEqual(await readFile(whole.testOutputPath));
    expect(whole.digest).not.toBe(model.digest);
    // for other tools, in the words of the specification
    expect(await readFile(join(root, 'a', 'rdf.yaml'), 'utf8')).toContain(
      `    external_data:\n      source: model.onnx.data\n      sha256: ${model.files['model.onnx.data']}`,
    );
  });

  it('is packed and unpacked with them', async () => {
    const written = await writeModelPackage(join(root, 'a'), large);
    await pipeline(packModelPackage(written.dir), createWriteStream(join(root, 'a.zip')));
    await unpackModelPackage(join(root, 'a.zip'), join(root, 'b'), { maxBytes: 2 ** 20 });
    expect((await readModelPackage(join(root, 'b'))).digest).toBe(written.digest);
  });

  it('is refused when one byte of them has changed, or they are not there', async () => {
    const { dir } = await writeModelPackage(join(root, 'a'), large);
    const bytes = await readFile(join(dir, 'model.onnx.data'));
    bytes[700]! ^= 1;
    await writeFile(join(dir, 'model.onnx.data'), bytes);
    await expect(readModelPackage(dir)).rejects.toThrow(/model\.onnx\.data is not the file that rdf\.yaml/);
    await rm(join(dir, 'model.onnx.data'));
    await expect(readModelPackage(dir)).rejects.toThrow(/model\.onnx\.data is named in rdf\.yaml but cannot/);
  });

  it.each(['../secret.data', '/etc/passwd', 'other.data', '*/_ORT_MEM_ADDR_/*'])(
    'is refused when its model takes tensors from %s, before anything loads it',
    async (location) => {
      const stray = async (path: string) => {
        await writeOnnx(path, { ...network, externalData: true });
        const model = fromBinary(ModelProtoSchema, await readFile(path));
        for (const entry of model.graph!.initializer[0]!.externalData)
          if (entry.key === 'location') entry.value = location;
        await writeFile(path, toBinary(ModelProtoSchema, create(ModelProtoSchema, model)));
      };
      const { testOutput } = packageInput;
      await expect(
        writeModelPackage(join(root, 'a'), { ...large, model: stray, testOutput: testOutput! }),
      ).rejects.toMatchObject({ code: 'model/package', details: { location } });
      expect(await readdir(root)).toEqual([]);
    },
  );
});

it('a checkpoint that is not bytes is written as its bytes would be', async () => {
  const checkpoint: Checkpoint = {
    weights: new Map([['a', { shape: [2], data: Float32Array.of(1, 2) }]]),
    state: { preset: 'nano', step: 7 },
  };
  const model = await writeModelPackage(join(root, 'a'), { ...packageInput, checkpoint });
  expect(await readCheckpoint(model.checkpointPath!)).toEqual(checkpoint);
  const bytes = await readFile(model.checkpointPath!);
  const other = await writeModelPackage(join(root, 'b'), { ...packageInput, checkpoint: bytes });
  expect(other.digest).toBe(model.digest);
  expect(decodeCheckpoint(bytes, 'it')).toEqual(checkpoint);
});

describe('a float16 package', () => {
  const half = { ...input, model: traceOnnx({ ...network, dtype: 'float16' }), dtype: 'float16' } as const;

  it('says so, and how much others may differ', async () => {
    const model = await writeModelPackage(join(root, 'a'), half);
    expect(model.dtype).toBe('float16');
    expect(await readModelPackage(model.dir)).toEqual(model);
    expect(await readFile(join(root, 'a', 'rdf.yaml'), 'utf8')).toContain('relative_tolerance: 0.01');
    expect((await writeModelPackage(join(root, 'b'), { ...half, dtype: 'float32' })).dtype).toBeUndefined();
  });

  it('may differ from its test output by a hundredth, a float32 one by a thousandth', async () => {
    const model = await writeModelPackage(join(root, 'a'), half);
    const answer = await readFile(model.testOutputPath);
    const floats = new Float32Array(Uint8Array.from(answer.subarray(answer.length - 3 * 48 * 4)).buffer);
    const off = (share: number) => ({ predict: async () => floats.map((value) => value * (1 + share)) });
    await expect(runTestTile(model, off(0.009))).resolves.toBeCloseTo(0.009, 4);
    await expect(runTestTile(model, off(0.011))).rejects.toMatchObject({ details: { limit: 0.01 } });
    const { dtype: _, ...whole } = model;
    await expect(runTestTile(whole, off(0.002))).rejects.toMatchObject({ details: { limit: 0.001 } });
  });
});

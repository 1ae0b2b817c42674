import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeCheckpoint, readCheckpoint } from '../checkpoint/checkpoint.ts';
import { tinyModel } from '../inference/tiny-model.fixture.ts';
import { isModelError, type ModelError } from '../errors.ts';
import { readModelPackage, writeModelPackage } from './index.ts';
import { packageInput, npy } from './package.fixture.ts';

const checkpoint = encodeCheckpoint({
  weights: new Map([['a', { shape: [2], data: Float32Array.of(1, 2) }]]),
  state: { preset: 'nano', step: 7 },
});
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'package-'));
});
afterEach(() => rm(root, { recursive: true }));

const failure = async (promise: Promise<unknown>): Promise<ModelError> => {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isModelError(error, 'model/package'))
    throw new Error(`expected a package error, got ${String(error)}`);
  return error;
};

describe('a model package', () => {
  it('reads back what was written', async () => {
    const dir = join(root, 'deep', 'nano');
    const written = await writeModelPackage(dir, packageInput);
    expect(await readModelPackage(dir)).toEqual(written);
    expect(written).toMatchObject({
      dir,
      name: packageInput.name,
      version: '0.1.0',
      description: packageInput.description,
      preset: 'nano',
      tileShape: [2, 4, 6],
      minimumShape: [1, 2, 2],
      inputScale: { offset: 0, scale: 1 / 255 },
      voxelSize: [10, 10, 10],
      outputChannels: 3,
      postprocessing: packageInput.postprocessing,
      opsetVersion: 17,
      metrics: packageInput.metrics,
      training: packageInput.training,
      cite: packageInput.cite,
    });
    expect(await readFile(written.modelPath)).toEqual(Buffer.from(tinyModel('copies', [2, 4, 6])));
    expect((await readdir(dir)).sort()).toEqual([
      'README.md',
      'model.onnx',
      'rdf.yaml',
      'test-input.npy',
      'test-output.npy',
    ]);
    expect(await readdir(join(root, 'deep'))).toEqual(['nano']);
  });

  it('carries the checkpoint that it was exported from, where it has one', async () => {
    const without = await writeModelPackage(join(root, 'a'), packageInput);
    expect(without.checkpointPath).toBeUndefined();
    expect(Object.keys(without.files).toSorted()).toEqual(
      ['README.md', 'model.onnx', 'test-input.npy', 'test-output.npy'].toSorted(),
    );
    const with_ = await writeModelPackage(join(root, 'b'), { ...packageInput, checkpoint });
    expect(with_.checkpointPath).toBe(join(root, 'b', 'checkpoint.safetensors'));
    expect(Object.keys(with_.files)).toContain('checkpoint.safetensors');
    expect((await readCheckpoint(with_.checkpointPath!)).state).toEqual({ preset: 'nano', step: 7 });
    // for other tools it is an attachment
    expect(await readFile(join(root, 'b', 'rdf.yaml'), 'utf8')).toContain(
      `attachments:\n  - source: checkpoint.safetensors\n    sha256: ${with_.files['checkpoint.safetensors']}`,
    );
  });

  it('is refused when one byte of its checkpoint has changed, or the checkpoint has no digest', async () => {
    const { dir } = await writeModelPackage(join(root, 'a'), { ...packageInput, checkpoint });
    const rdf = await readFile(join(dir, 'rdf.yaml'), 'utf8');
    await writeFile(join(dir, 'rdf.yaml'), rdf.replace(/^ {6}checkpoint\.safetensors: .*\n/m, ''));
    expect((await failure(readModelPackage(dir))).details).toMatchObject({
      field: 'config.tokenunify.checkpoint',
    });
    await writeFile(join(dir, 'rdf.yaml'), rdf);
    await writeFile(join(dir, 'checkpoint.safetensors'), checkpoint.subarray(1));
    expect((await failure(readModelPackage(dir))).message).toContain('checkpoint.safetensors');
  });

  it('is not written with a checkpoint of another preset, or with one that is none', async () => {
    const other = encodeCheckpoint({ weights: new Map(), state: { preset: 'tiny' } });
    const input = { ...packageInput, checkpoint: other };
    expect((await failure(writeModelPackage(join(root, 'a'), input))).details).toMatchObject({
      field: 'checkpoint',
    });
    await expect(
      writeModelPackage(join(root, 'a'), { ...packageInput, checkpoint: new Uint8Array(9) }),
    ).rejects.toMatchObject({ code: 'model/checkpoint' });
    expect(await readdir(root)).toEqual([]);
  });

  it('has a digest that is a function of its content alone', async () => {
    const first = await writeModelPackage(join(root, 'a'), packageInput);
    const second = await writeModelPackage(join(root, 'b'), packageInput);
    const other = await writeModelPackage(join(root, 'c'), { ...packageInput, modelCard: '# Other' });
    expect(second.digest).toBe(first.digest);
    expect(first.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(other.digest).not.toBe(first.digest);
  });

  it.each(['model.onnx', 'test-input.npy', 'test-output.npy', 'README.md'])(
    'is refused when one byte of %s has changed, naming both digests',
    async (name) => {
      const { dir } = await writeModelPackage(join(root, 'a'), packageInput);
      const bytes = await readFile(join(dir, name));
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
      await writeFile(join(dir, name), bytes);
      const error = await failure(readModelPackage(dir));
      expect(error.details).toMatchObject({ file: join(dir, name), expected: expect.any(String) });
      expect(error.message).toContain(name);
      expect(error.message).toContain(String(error.details['got']));
      expect(error.message).toContain('tokenunify export');
    },
  );

  it.each(['model.onnx', 'README.md'])('is refused without its %s', async (name) => {
    const { dir } = await writeModelPackage(join(root, 'a'), packageInput);
    await rm(join(dir, name));
    expect((await failure(readModelPackage(dir))).message).toContain(join(dir, name));
  });

  it.each([
    ['tileShape:', 'tileShapes:', 'config.tokenunify.tileShape'],
    ['format_version: 0.5.4', 'format_version: 0.4.10', 'format_version'],
    ['source: model.onnx', 'source: ../model.onnx', 'weights.onnx.source'],
    ['preset: nano', 'preset: ""', 'config.tokenunify.preset'],
  ])('is refused when rdf.yaml says %s as %s', async (before, after, field) => {
    const { dir } = await writeModelPackage(join(root, 'a'), packageInput);
    const rdf = await readFile(join(dir, 'rdf.yaml'), 'utf8');
    expect(rdf).toContain(before);
    await writeFile(join(dir, 'rdf.yaml'), rdf.replace(before, after));
    const error = await failure(readModelPackage(dir));
    expect(error.details).toMatchObject({ file: join(dir, 'rdf.yaml'), field });
    expect(error.message).toContain(field);
  });

  it('is not found in an empty directory, nor in a file that is not YAML', async () => {
    expect((await failure(readModelPackage(root))).message).toContain('is not a model package');
    await writeFile(join(root, 'rdf.yaml'), 'a: [1, 2');
    expect((await failure(readModelPackage(root))).message).toContain('is not YAML');
    await writeFile(join(root, 'rdf.yaml'), 'metrics: &loop\n  again: *loop\n');
    expect((await failure(readModelPackage(root))).message).toContain('is not YAML of plain data');
    await writeFile(join(root, 'rdf.yaml'), `metrics: [${'1,'.repeat(300_000)}1]\n`);
    expect((await failure(readModelPackage(root))).message).toMatch(
      /has 600\d+ bytes, at most 524288 are read; shorten/,
    );
  });

  it('is immutable: another is only written over it when that is asked for', async () => {
    const dir = join(root, 'a');
    const first = await writeModelPackage(dir, packageInput);
    const next = { ...packageInput, version: '0.2.0' };
    expect((await failure(writeModelPackage(dir, next))).message).toContain('is not empty');
    expect((await readModelPackage(dir)).digest).toBe(first.digest);
    expect((await writeModelPackage(dir, next, { overwrite: true })).version).toBe('0.2.0');
    expect(await readdir(root)).toEqual(['a']);
  });

  it.each([
    ['name', { name: 'a/b' }],
    ['version', { version: 'latest' }],
    ['authors', { authors: [] }],
    ['cite', { cite: [] }],
    ['timestamp', { timestamp: 'yesterday' }],
  ])('is not written with a bad %s, and nothing is left behind', async (field, change) => {
    const error = await failure(writeModelPackage(join(root, 'a'), { ...packageInput, ...change }));
    expect(error.details).toMatchObject({ field });
    expect(await readdir(root)).toEqual([]);
  });

  it.each([
    ['test-input.npy', { testInput: npy('<f4', [1, 1, 2, 4, 6]) }],
    ['test-input.npy', { testInput: npy('|u1', [1, 1, 2, 4, 5]) }],
    ['test-output.npy', { testOutput: npy('<f4', [1, 1, 2, 4, 6]) }],
    ['test-output.npy', { testOutput: new Uint8Array(20) }],
  ])('is not written when %s does not fit the tile', async (file, change) => {
    const error = await failure(writeModelPackage(join(root, 'a'), { ...packageInput, ...change }));
    expect(error.details).toMatchObject({ file });
  });
});

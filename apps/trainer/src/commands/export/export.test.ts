import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  readModelPackage,
  runTestTile,
  startInference,
  writeCheckpoint,
  type Weight,
} from '@tokenunify/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReporter } from '../../progress/reporter.ts';
import { untrainedWeights, writeUntrainedCheckpoint } from '../../untrained.fixture.ts';
import { runExport, type ExportCommand } from './index.ts';

let root: string;
let command: ExportCommand;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'export-'));
  command = {
    checkpoint: await writeUntrainedCheckpoint(join(root, 'tuned.safetensors')),
    out: join(root, 'package'),
    modelVersion: '0.1.0',
    tile: [16, 16, 16],
    opset: 17,
    dtype: 'float32',
    timestamp: '2026-01-01T00:00:00Z',
    engine: 'cpu',
    overwrite: false,
    json: true,
  };
});
afterEach(() => rm(root, { recursive: true }));

const terminal = { interactive: false, now: () => 0, out: () => {}, error: () => {} };
const silent = createReporter({ json: true, terminal });
const exporting = (change: Partial<ExportCommand>) =>
  runExport({ ...command, ...change }, new AbortController().signal, silent);

describe('export', () => {
  it('in float16 gives a package that says so, runs, and is checked; float32 gives another', async () => {
    await exporting({ dtype: 'float16' });
    const half = await readModelPackage(command.out);
    expect(half).toMatchObject({ dtype: 'float16', name: 'TokenUnify nano', preset: 'nano' });
    expect(await readFile(join(command.out, 'README.md'), 'utf8')).toContain('MiB of ONNX in float16');
    const inference = await startInference(half, { threads: 1 });
    try {
      expect(await runTestTile(half, inference)).toBeLessThan(1e-5);
    } finally {
      await inference.close();
    }
    await exporting({ out: join(root, 'whole') });
    const whole = await readModelPackage(join(root, 'whole'));
    expect(whole.dtype).toBeUndefined();
    expect(whole.files['model.onnx']).not.toBe(half.files['model.onnx']);
    expect((await readdir(root)).toSorted()).toEqual(['package', 'tuned.safetensors', 'whole']);
  });

  it.each([
    ['of another shape', 'stage1.down.weight', { shape: [2], data: new Float32Array(2) }, /has shape \[2\]/],
    ['that is missing', 'stage2.down.bias', undefined, /has no weight 'stage2\.down\.bias'/],
  ])('names the first weight %s of a checkpoint of another preset', async (_, name, weight, message) => {
    const weights = new Map<string, Weight>(untrainedWeights());
    if (weight) weights.set(name, weight);
    else weights.delete(name);
    weights.delete('affinities.bias'); // a later one
    await writeCheckpoint(command.checkpoint, { weights, state: { command: 'finetune', preset: 'nano' } });
    const failed = exporting({});
    await expect(failed).rejects.toMatchObject({ code: 'model/parameters' });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.toThrow(name);
    await expect(failed).rejects.toThrow(command.checkpoint);
  });

  it('refuses a tile that strides or tokens do not divide, and an opset nobody tested', async () => {
    await expect(exporting({ tile: [16, 16, 24] })).rejects.toMatchObject({
      code: 'model/shape',
      message: expect.stringContaining('axis x must be a positive multiple of 16'),
    });
    await expect(exporting({ opset: 22 })).rejects.toMatchObject({ code: 'model/onnx' });
  });

  it('refuses a weight that float16 cannot hold, and leaves nothing behind', async () => {
    const weights = new Map<string, Weight>(untrainedWeights());
    const [name, wide] = [...weights].find(([, { data }]) => data.length >= 2 ** 15)!;
    weights.set(name, { ...wide, data: wide.data.map((value, i) => (i === 7 ? 1e5 : value)) });
    await writeCheckpoint(command.checkpoint, { weights, state: { command: 'finetune', preset: 'nano' } });
    await expect(exporting({ dtype: 'float16' })).rejects.toThrow(
      `Weight '${name}' holds 100000, and float16 ends at 65504; export with --dtype float32.`,
    );
    expect(await readdir(root)).toEqual(['tuned.safetensors']);
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tinyModel } from '../inference/tiny-model.fixture.ts';
import { startInference, type InferenceProcess } from '../inference/index.ts';
import { npy, packageInput } from './package.fixture.ts';
import { runTestTile, writeModelPackage } from './index.ts';
import type { ModelPackageInput } from './types.ts';

let root: string;
let inference: InferenceProcess | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'test-tile-'));
});
afterEach(async () => {
  await inference?.close();
  inference = undefined;
  await rm(root, { recursive: true });
});

async function tested(change: Partial<ModelPackageInput> = {}): Promise<number> {
  const model = await writeModelPackage(join(root, 'a'), { ...packageInput, ...change });
  inference = await startInference(model, { threads: 1 });
  return runTestTile(model, inference);
}

it('the test tile of a package gives what the package says', async () => {
  expect(await tested()).toBe(0);
});

it('a package written without a test output says what its network makes of the test input', async () => {
  const { testOutput: _, ...input } = packageInput;
  const model = await writeModelPackage(join(root, 'a'), input);
  inference = await startInference(model, { threads: 1 });
  expect(await runTestTile(model, inference)).toBe(0);
  expect(model.files).toEqual((await writeModelPackage(join(root, 'b'), packageInput)).files);
});

it('a package whose network gives something else is refused, with how much', async () => {
  const testOutput = npy('<f4', [1, 3, 2, 4, 6]);
  new DataView(testOutput.buffer).setFloat32(testOutput.length - 4, 0.6, true);
  await expect(tested({ testOutput })).rejects.toMatchObject({
    code: 'model/package',
    details: { reason: 'test-tile', limit: 1e-3, difference: expect.closeTo(0.098 / 0.6, 3) },
  });
});

it('a package whose test output is all zero, or not a number, is refused', async () => {
  const testOutput = npy('<f4', [1, 3, 2, 4, 6]);
  testOutput.fill(0, testOutput.length - 3 * 48 * 4);
  await expect(tested({ testOutput })).rejects.toThrow('gives another answer to its test tile');
  const model = await writeModelPackage(join(root, 'b'), packageInput);
  const nothing = { predict: async () => new Float32Array(3 * 48).fill(NaN) };
  await expect(runTestTile(model, nothing)).rejects.toThrow('gives another answer to its test tile');
});

it('a test tensor that ends early is refused', async () => {
  const testInput = packageInput.testInput.subarray(0, packageInput.testInput.length - 1);
  await expect(tested({ testInput, testOutput: npy('<f4', [1, 3, 2, 4, 6]) })).rejects.toThrow(
    /test-input\.npy has 47 bytes of data, its shape asks for 48/,
  );
});

it('cancelling a test tile ends it with the reason', async () => {
  const model = await writeModelPackage(join(root, 'a'), packageInput);
  inference = await startInference(model, { threads: 1 });
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(runTestTile(model, inference, { signal })).rejects.toThrow('enough');
});

it('a network that does not run is not written with a test output of its own making', async () => {
  const { testOutput: _, ...input } = packageInput;
  const model = tinyModel('one-channel', [2, 4, 6]);
  await expect(writeModelPackage(join(root, 'a'), { ...input, model })).rejects.toMatchObject({
    code: 'model/inference',
  });
});

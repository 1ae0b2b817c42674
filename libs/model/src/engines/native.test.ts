import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isModelError } from '../errors.ts';
import { loadNativeTensorflow, locateNativeTensorflow } from './native.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'native-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

/** A directory that looks like a finished installation, with an addon that is no library. */
function install(at: string, main = 'module.exports = {};'): string {
  const directory = join(at, 'node_modules', '@tensorflow', 'tfjs-node');
  mkdirSync(join(directory, 'lib', 'napi-v8'), { recursive: true });
  writeFileSync(join(directory, 'lib', 'napi-v8', 'tfjs_binding.node'), '');
  writeFileSync(join(directory, 'package.json'), '{"main":"index.js"}');
  writeFileSync(join(directory, 'index.js'), main);
  return directory;
}

const environment = {};

test('finds .tensorflow in a directory above', () => {
  const expected = install(join(root, '.tensorflow'));
  const from = join(root, 'libs', 'model', 'src');
  mkdirSync(from, { recursive: true });
  expect(locateNativeTensorflow({ from, environment })).toBe(expected);
});

test('finds nothing when only the package without its addon is there', () => {
  const directory = install(join(root, '.tensorflow'));
  rmSync(join(directory, 'lib'), { recursive: true });
  expect(locateNativeTensorflow({ from: root, environment })).toBeUndefined();
});

test('TOKENUNIFY_TENSORFLOW is the only place searched when it is set, and counts as unset when empty', () => {
  const inside = install(join(root, '.tensorflow'));
  const named = install(join(root, 'elsewhere'));
  const at = (value: string) =>
    locateNativeTensorflow({ from: root, environment: { TOKENUNIFY_TENSORFLOW: value } });
  expect(at(join(root, 'elsewhere'))).toBe(named);
  expect(at(join(root, 'missing'))).toBeUndefined();
  expect(at('')).toBe(inside);
});

test('says which place has no build and what to run', async () => {
  const missing = { from: root, environment: { TOKENUNIFY_TENSORFLOW: join(root, 'gone') } };
  await expect(loadNativeTensorflow(missing)).rejects.toThrow(
    `There is no native TensorFlow build in ${join(root, 'gone')}; run \`npm run setup:tensorflow\`.`,
  );
});

test('a build that does not load is an engine error which keeps the cause', async () => {
  install(join(root, '.tensorflow'), "throw new Error('libtensorflow.so: cannot open shared object file')");
  const error: unknown = await loadNativeTensorflow({ from: root, environment }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isModelError(error, 'model/engine')).toBe(true);
  expect(String(error)).toContain('does not load (libtensorflow.so: cannot open shared object file); run');
  expect((error as Error).cause).toBeInstanceOf(Error);
});

test('a build that registers with another copy of TensorFlow.js is refused', async () => {
  install(join(root, '.tensorflow'), 'exports.engine = () => ({});');
  await expect(loadNativeTensorflow({ from: root, environment })).rejects.toThrow(/another copy/);
});

test('an installation outside the repository is given the same copy of TensorFlow.js', async () => {
  install(join(root, '.tensorflow'), "exports.engine = require('@tensorflow/tfjs').engine;");
  // Past the check of the copy; this build registers no backend, so the engine cannot start.
  await expect(loadNativeTensorflow({ from: root, environment })).rejects.toThrow(/did not start/);
});

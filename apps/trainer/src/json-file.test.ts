import { readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readJson, writeFileAtomically, writeJson } from './json-file.ts';
import { temporaryDirectory } from './testing.fixture.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(() => directory.remove());

it('JSON is read as it was written, and nothing is left beside it', async () => {
  const file = directory.join('value.json');
  expect(await readJson(file)).toBeUndefined();
  await writeJson(file, { a: [1, 'b'] });
  await writeJson(file, { a: [2] });
  expect(await readJson(file)).toEqual({ a: [2] });
  expect(await readdir(directory.path)).toEqual(['value.json']);
});

it('many writers at once leave one of their values, whole', async () => {
  const file = directory.join('many.json');
  const values = Array.from({ length: 16 }, (_, i) => 'x'.repeat(1000 * i));
  await Promise.all(values.map((value) => writeJson(file, value)));
  expect(values).toContain(await readJson(file));
});

it('a write that fails leaves the old file and nothing beside it', async () => {
  const file = directory.join('many.json');
  const before = await readJson(file);
  const unwritable = { toString: () => '' } as unknown as string; // what no file takes
  await expect(writeFileAtomically(file, unwritable)).rejects.toThrow();
  expect(await readJson(file)).toBe(before);
  expect((await readdir(directory.path)).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

it('what is no JSON is a SyntaxError', async () => {
  const file = directory.join('broken.json');
  await writeFile(file, '{"a":');
  await expect(readJson(file)).rejects.toThrow(SyntaxError);
});

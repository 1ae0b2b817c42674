import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const eslint = new ESLint({ cwd: root });

/** What lint says of one import statement in a file of a room. */
async function complaints(file: string, specifier: string): Promise<string[]> {
  const text = `import * as room from '${specifier}';\nexport const used = room;\n`;
  const [result] = await eslint.lintText(text, { filePath: join(root, file) });
  return (result?.messages ?? [])
    .filter((message) => message.ruleId === 'no-restricted-imports')
    .map((message) => message.message);
}

describe('the arrows between rooms', () => {
  it.each([
    ['libs/model/src/x.ts', '@tokenunify/em-io'],
    ['libs/em-io/src/x.ts', '@tokenunify/segmentation'],
    ['libs/segmentation/src/x.ts', '@tokenunify/model'],
    ['libs/segmentation/src/x.ts', '@tokenunify/api'],
    ['apps/api/src/x.ts', 'tokenunify'],
    ['apps/trainer/src/x.ts', '@tokenunify/api'],
    ['tools/src/x.ts', 'tokenunify'],
    ['apps/api/src/worker/x.ts', 'node:fs'],
    ['apps/api/src/worker/x.ts', '@tokenunify/em-io'],
    ['apps/api/src/client/x.ts', 'node:fs'],
  ])('refuse that %s imports %s', async (file, specifier) => {
    expect(await complaints(file, specifier)).toHaveLength(1);
  });

  it.each([
    ['libs/segmentation/src/deep/x.ts', '../../../em-io/src/index.ts'],
    ['apps/trainer/src/x.ts', '../../../libs/model/src/index.ts'],
    ['apps/trainer/src/x.ts', '@tokenunify/model/src/random.ts'],
  ])('refuse a way around the public surface: %s imports %s', async (file, specifier) => {
    expect(await complaints(file, specifier)).toHaveLength(1);
  });

  it.each([
    ['libs/segmentation/src/x.ts', '@tokenunify/em-io'],
    ['apps/trainer/src/x.ts', '@tokenunify/model'],
    ['apps/api/src/x.ts', '@tokenunify/segmentation'],
    ['apps/api/src/worker/x.ts', '@tokenunify/em-io/zarr-layout'],
    ['apps/trainer/src/x.ts', '@tokenunify/api/client'],
    ['test/src/x.ts', 'tokenunify'],
    ['libs/model/src/x.ts', './errors.ts'],
    ['libs/model/src/deep/x.ts', '../errors.ts'],
    ['libs/model/src/x.ts', '@tensorflow/tfjs'],
  ])('allow that %s imports %s', async (file, specifier) => {
    expect(await complaints(file, specifier)).toEqual([]);
  });
});

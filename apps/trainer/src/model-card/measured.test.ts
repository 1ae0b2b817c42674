import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCommandError } from '../errors.ts';
import { temporaryDirectory } from '../testing.fixture.ts';
import { readMeasured } from './measured.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (directory = await temporaryDirectory()));
afterAll(() => directory.remove());

const score = { name: 'a', voi: 1, voiSplit: 0.5, voiMerge: 0.5, adaptedRand: null };
const result = { box: ':,:,:', postprocessing: { minimumSize: 3 }, scores: [score], command: 'npx', more: 1 };

async function refusal(text: string): Promise<string> {
  writeFileSync(directory.join('scores.json'), text);
  try {
    await readMeasured(directory.join('scores.json'));
  } catch (error) {
    if (isCommandError(error, 'trainer/data')) return error.message.replaceAll(directory.path, '.');
    throw error;
  }
  return 'accepted';
}

describe('what evaluate wrote', () => {
  it('is read as it is', async () => {
    expect(await readMeasured(undefined)).toBeUndefined();
    writeFileSync(directory.join('good.json'), JSON.stringify(result));
    expect(await readMeasured(directory.join('good.json'))).toEqual(result);
  });

  it.each([
    ['{', './scores.json is not readable JSON; name a file that `tokenunify evaluate` wrote.'],
    [
      JSON.stringify({ ...result, scores: [{ ...score, voi: 'low' }] }),
      "./scores.json has no usable field 'scores.0.voi' (Invalid input: expected number, received string); name a file that `tokenunify evaluate` wrote.",
    ],
    [
      JSON.stringify({ ...result, postprocessing: undefined }),
      "./scores.json has no usable field 'postprocessing' (Invalid input: expected record, received undefined); name a file that `tokenunify evaluate` wrote.",
    ],
  ])('is refused when it is something else: %s', async (text, message) =>
    expect(await refusal(text)).toBe(message),
  );
});

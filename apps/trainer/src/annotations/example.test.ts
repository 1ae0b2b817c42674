import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readConfig } from '../commands/retrain/config.ts';
import { parseEntries } from './read.ts';

const example = (name: string) => fileURLToPath(new URL(`../../../../deploy/${name}`, import.meta.url));

it('the example of a manifest is one, with entries of both splits', async () => {
  const entries = parseEntries(await readFile(example('annotations.example.json'), 'utf8'), 'example');
  expect(entries.map(({ split }) => split)).toEqual(['train', 'held-out']);
});

it('the example of a configuration is one', async () => {
  const config = await readConfig(example('nightly.example.json'));
  expect(config.deadlineMinutes).toBe(300);
  expect(Object.keys(config.gate)).toEqual(['voi', 'adaptedRand', 'speed']);
});

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('nothing of Node is in the client, so that browsers and Workers run it', () => {
  const directory = new URL('.', import.meta.url);
  const sources = readdirSync(directory).filter((name) => /^[\w-]+\.ts$/.test(name));
  expect(sources).toContain('index.ts');
  const imported = sources.flatMap((name) =>
    [
      ...readFileSync(new URL(name, directory), 'utf8').matchAll(/^(?:import|export|\}).* from '([^']+)'/gm),
    ].map((match) => match[1]),
  );
  expect([...new Set(imported.filter((name) => !name?.startsWith('./')))].sort()).toEqual([
    'eventsource-parser',
    'openapi-fetch',
  ]);
  for (const name of sources)
    expect(readFileSync(new URL(name, directory), 'utf8'), name).not.toMatch(
      /\b((process|Buffer)\.\w|(setImmediate|require)\()/,
    );
});

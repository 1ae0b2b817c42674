import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

/** Every import of a file and of what it imports, types left out. */
async function importsOf(file: URL, seen = new Map<string, string[]>()): Promise<Map<string, string[]>> {
  if (seen.has(file.href)) return seen;
  const source = await readFile(file, 'utf8');
  const names = [...source.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm)].map(
    ([, name]) => name ?? '',
  );
  seen.set(file.href, names);
  for (const name of names) if (name.startsWith('.')) await importsOf(new URL(name, file), seen);
  return seen;
}

it('keys are verified, and found in an exported list, without anything of Node: a Worker does it too', async () => {
  const files = await importsOf(new URL('verify.ts', import.meta.url));
  await importsOf(new URL('exported.ts', import.meta.url), files);
  expect(files.size).toBeGreaterThan(4);
  const outside = new Set([...files.values()].flat().filter((name) => !name.startsWith('.')));
  // those of Hono run wherever Hono does
  expect([...outside].filter((name) => !name.startsWith('hono')).sort()).toEqual(['zod']);
});

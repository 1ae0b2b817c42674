import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ignored = new Set(['node_modules', 'runs', 'demo-output']);

/** Every page of the repository, by a walk: a machine may have no git. */
function pagesIn(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory())
      return entry.name.startsWith('.') || ignored.has(entry.name) ? [] : pagesIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}
const pages = pagesIn('.');

it('there are pages to check', () => {
  expect(pages).toContain('README.md');
  expect(pages.length).toBeGreaterThan(5);
});

it.each(pages)('every relative link of %s leads somewhere', async (page) => {
  const text = await readFile(join(root, page), 'utf8');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  const dead = links
    .filter((link) => !/^[a-z]+:|^#/.test(link))
    .filter((link) => !existsSync(join(root, dirname(page), link.replace(/#.*$/, ''))));
  expect(dead).toEqual([]);
});

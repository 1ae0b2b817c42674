import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const check = new URL('../check-node.js', import.meta.url).href;
const { complaint } = (await import(check)) as { complaint(version: string): string | undefined };

it.each(['22.18.0', '22.23.3', '23.0.0', '24.1.0'])('lets Node %s run', (version) => {
  expect(complaint(version)).toBeUndefined();
});

it.each(['18.20.0', '20.20.2', '22.17.9'])('tells Node %s what is needed, in one sentence', (version) => {
  expect(complaint(version)).toMatch(/^This needs Node 22\.18 or newer, and this is \S+; .*\.$/);
  expect(complaint(version)).toContain(version);
});

it('is loaded first by every npm script that runs TypeScript, and stays silent here', () => {
  const scripts = Object.values(manifest.scripts).filter((script) => script.startsWith('node '));
  expect(scripts.length).toBeGreaterThanOrEqual(5);
  for (const script of scripts) {
    // Node calls node:sqlite experimental, in every terminal, unless told not to
    const [, quiet, option, module, main] = script.split(' ');
    expect([quiet, option, module]).toEqual([
      '--disable-warning=ExperimentalWarning',
      '--import',
      './tools/check-node.js',
    ]);
    expect(existsSync(join(root, main ?? ''))).toBe(true);
  }
  expect(execFileSync(process.execPath, ['tools/check-node.js'], { cwd: root }).toString()).toBe('');
});

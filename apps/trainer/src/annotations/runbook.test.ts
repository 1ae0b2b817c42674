/** docs/how-to/run-a-nightly.md, held against the program. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '@tokenunify/api/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../commands/retrain/config.ts';
import { nightExitCodes } from '../commands/retrain/errors.ts';
import { outcomes } from '../commands/retrain/types.ts';
import { createProgram } from '../program/index.ts';
import { temporaryDirectory } from '../testing.fixture.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../${path}`, import.meta.url)), 'utf8');
const page = read('docs/how-to/run-a-nightly.md');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, 'gms'))].map(([, text]) => text!);
const rows = (table: string) =>
  table
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\| -+/.test(line))
    .slice(1)
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (folder = await temporaryDirectory()));
afterAll(() => folder.remove());

type Json = { readonly [key: string]: unknown };

const least = {
  server: { url: 'http://127.0.0.1:1' },
  directory: 'nightly',
  manifest: 'annotations.json',
  gate: { voi: { margin: 0 } },
  smokeTest: { raw: 'a.npy', expected: 'b.npy', maximumVoi: 1 },
} satisfies Json;

const load = async (config: Json) => {
  await writeFile(folder.join('nightly.json'), JSON.stringify(config));
  return (await readConfig(folder.join('nightly.json'))) as unknown as Json;
};
const refusal = (config: Json) =>
  load(config).then(
    () => '',
    (error: Error) => error.message,
  );

/** The configuration with one value put at a path. */
function withValue(config: Json, [name, ...rest]: readonly string[], value: unknown): Json {
  const inner = (config[name!] ?? {}) as Json;
  return { ...config, [name!]: rest.length === 0 ? value : withValue(inner, rest, value) };
}

const at = (config: Json, path: readonly string[]) =>
  path.reduce<unknown>((value, name) => (value as Json | undefined)?.[name], config);

/** Asks the program which settings there are below a path: it lists them when one is unknown. */
async function settingsBelow(path: readonly string[]): Promise<string[][]> {
  const message = await refusal(withValue(least, [...path, 'qqqqqqqqqqqqqqqqqqqq'], 1));
  const names = /there is (.*)\.$/.exec(message)?.[1]?.split(', ') ?? [];
  const found: string[][] = [];
  for (const name of names) {
    const here = [...path, name];
    const wrong = await refusal(withValue(least, here, ''));
    found.push(...(/must be an object/.test(wrong) ? await settingsBelow(here) : [here]));
  }
  return found;
}

async function expectedRows(): Promise<string[][]> {
  const filled = await load(least);
  const table: string[][] = [];
  for (const path of await settingsBelow([])) {
    const message = await refusal(withValue(least, path, []));
    const mustBe = /but must be (.*); change it there\.$/.exec(message)?.[1] ?? message;
    const isGiven = at(least, path) !== undefined && path[0] !== 'gate';
    const standard = isGiven || path[0] === 'gate' ? undefined : at(filled, path);
    const isMissing = isGiven ? 'none, it is needed' : 'none';
    table.push([
      `\`${path.join('.')}\``,
      mustBe,
      standard === undefined ? isMissing : `\`${JSON.stringify(standard)}\``,
    ]);
  }
  return table;
}

describe('the runbook', () => {
  it('names every setting, what it must be and its default, as the program does', async () => {
    const [, table = ''] = /<!-- settings:begin -->(.*)<!-- settings:end -->/s.exec(page) ?? [];
    const found = rows(table);
    expect(found.map((cells) => cells.slice(0, 3))).toEqual(await expectedRows());
    for (const [name, , , does = ''] of found) expect(does, name).not.toBe('');
  });

  it('names every outcome and every exit code', () => {
    const table = page.slice(page.indexOf('## Outcomes'), page.indexOf('## Set it up'));
    const cells = rows(table);
    const codes = cells.flatMap(([code = '']) => code.split(', ').map(Number));
    expect([...new Set(codes)].toSorted((a, b) => a - b)).toEqual([
      ...Object.values(nightExitCodes),
      130,
      143,
    ]);
    expect(new Set(cells.map(([, outcome = '']) => outcome.replaceAll('`', '')))).toEqual(
      new Set([...outcomes, 'none']),
    );
  });

  it('has the lines of Python that the oracle runs', () => {
    const oracle = read('tools/oracles/annotation_digest.py');
    const [, lines = ''] = /# the documented lines\n(.*?) *# end of the documented lines/s.exec(oracle) ?? [];
    const plain = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => line.trim());
    expect(plain(lines)).toHaveLength(3);
    expect(plain(blocks('python')[0] ?? '')).toEqual(plain(lines));
  });

  it('has commands that the program takes', async () => {
    const shell = blocks('sh')
      .join('\n')
      .replace(/\\\n\s*/g, '');
    const commands = [...shell.matchAll(/^ *npx tokenunify (.*)$/gm)].map(([, line]) =>
      line!.replace(/ +#.*$/, ''),
    );
    expect(commands.length).toBeGreaterThanOrEqual(3);
    for (const command of commands) {
      let runs = 0;
      const program = createProgram(async () => void runs++);
      const words = command.match(/'[^']*'|\S+/g)!.map((word) => word.replaceAll("'", ''));
      program.exitOverride().commands.forEach((each) => each.exitOverride());
      await program.parseAsync(words, { from: 'user' });
      expect(runs, command).toBe(1);
    }
  });

  it('has requests that the API has', () => {
    const { paths } = JSON.parse(read('apps/api/openapi.json')) as { paths: Record<string, Json> };
    const asked = [
      ...page.matchAll(/(?:-X (\w+) )?(?:\$TOKENUNIFY|http:\/\/127\.0\.0\.1:8787)(\/v1\/[\w/$]+)/g),
    ];
    expect(asked.length).toBeGreaterThan(8);
    for (const [text, method = text.startsWith('http') ? 'POST' : 'GET', path = ''] of asked) {
      const template = path.replace(/\/models\/[\w$]+/, '/models/{model}');
      expect(paths[template]?.[method.toLowerCase()], `${method} ${path}`).toBeDefined();
    }
  });

  it('has calls that the client has', () => {
    const client = createClient('http://127.0.0.1:1');
    const calls = blocks('ts').flatMap((text) =>
      [...text.matchAll(/api\.(\w+)\(/g)].map(([, name]) => name!),
    );
    expect(calls.length).toBeGreaterThan(0);
    for (const name of calls) expect(client).toHaveProperty(name);
  });

  it('asks for a key with the scopes that a night needs', () => {
    // of getDeployment, uploadModel and promoteModel, segment
    expect(page).toContain('--scopes models:read,models:write,segment\n');
  });
});

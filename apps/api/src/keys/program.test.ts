import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '../contract/scopes.ts';
import { runKeys } from './program.ts';
import { parseToken } from './token.ts';

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'keys-'))));
afterAll(() => rm(root, { recursive: true }));

async function keys(...argv: string[]) {
  const out: string[] = [];
  const notes: string[] = [];
  const code = await runKeys(
    argv,
    { TOKENUNIFY_DATA: join(root, 'data') },
    { out: (line) => out.push(line), note: (line) => notes.push(line) },
  );
  return { code, out: out.join('\n'), notes: notes.join('\n') };
}

describe('npm run keys', () => {
  it('prints a new key alone, so that a script can take it, and never again', async () => {
    const { code, out, notes } = await keys('create', '--name', 'lab', '--scopes', 'segment,volumes:read');
    expect(code).toBe(0);
    const { id, secret } = parseToken(out)!;
    expect(notes).toContain('not shown again');
    expect(notes).toContain('ask for a key');
    const list = await keys('list');
    expect(list.out).toContain(id);
    expect(list.out + (await keys('list', '--json')).out + (await keys('export')).out).not.toContain(secret);
  });

  it('prints JSON for machines', async () => {
    const { out } = await keys(
      'create',
      '--name',
      'all',
      '--all-scopes',
      '--expires',
      '2999-01-01',
      '--json',
    );
    expect(JSON.parse(out)).toMatchObject({
      name: 'all',
      scopes: SCOPES,
      until: '2999-01-01T00:00:00.000Z',
      good: true,
      key: expect.stringMatching(/^tu_/),
    });
    expect(JSON.parse((await keys('list', '--json')).out)).toHaveLength(2);
  });

  it('revokes by id, or by the whole key without repeating it', async () => {
    const { out: token } = await keys('create', '--name', 'gone', '--scopes', 'segment');
    const { id, secret } = parseToken(token)!;
    const revoked = await keys('revoke', token);
    expect(revoked).toMatchObject({ code: 0, out: `${id} (gone) is revoked.` });
    expect(revoked.out).not.toContain(secret);
    expect((await keys('list')).out).toMatch(new RegExp(`${id}.*ended`));
    const exported = JSON.parse((await keys('export')).out) as { id: string }[];
    expect(exported.map((key) => key.id)).not.toContain(id);
  });

  it('answers 1 for what is not there', async () => {
    expect(await keys('revoke', 'nothing')).toMatchObject({
      code: 1,
      notes: expect.stringMatching(/There is no key nothing/),
    });
    const elsewhere = await keys('list', '--data', join(root, 'misspelt'));
    expect(elsewhere).toMatchObject({
      code: 1,
      notes: expect.stringMatching(/is no data directory of a server/),
    });
    expect(await readdir(root)).toEqual(['data']);
  });

  it.each([
    [[], /no command/],
    [['make'], /"make" is no command/],
    [['list', 'x'], /too many/],
    [['list', '--name', 'x'], /--name is for `create` only/],
    [['revoke'], /needs the id/],
    [['create', '--scopes', 'segment'], /needs --name/],
    [['create', '--name', 'x'], /either --scopes or --all-scopes/],
    [['create', '--name', 'x', '--all-scopes', '--scopes', 'segment'], /either/],
    [['create', '--name', 'x', '--scopes', 'everything'], /"everything"; there are segment, /],
    [['create', '--name', 'x', '--all-scopes', '--expires', 'soon'], /"soon"; give a date/],
    [['list', '--colour'], /--colour.*--help/],
    [['list', '--data', ''], /--data.*directory/],
  ])('answers 2 and a sentence for %j', async (argv, message) => {
    const { code, out, notes } = await keys(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(notes).toMatch(message);
    expect(notes).not.toContain('\n');
  });

  it('explains itself', async () => {
    const { code, out } = await keys('--help');
    expect(code).toBe(0);
    for (const scope of SCOPES) expect(out).toContain(scope);
  });

  it('runs as a command', async () => {
    const main = fileURLToPath(new URL('main.ts', import.meta.url));
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [main, 'list', '--json', '--data', join(root, 'data')]);
    expect(JSON.parse(stdout)).toBeInstanceOf(Array);
    await expect(run(process.execPath, [main, 'nonsense'])).rejects.toMatchObject({ code: 2 });
  });
});

import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isApiProblem, type ApiProblem } from '../problem.ts';
import { resolvePath } from './paths.ts';

let top: string;
let root: string;
let open: (path: string) => Promise<string>;
beforeAll(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), 'paths-')));
  root = join(top, 'root');
  await mkdir(join(root, 'a.zarr/0'), { recursive: true });
  await mkdir(join(top, 'root-too')); // the same beginning, and not inside
  await mkdir(join(top, 'outside/sub'), { recursive: true });
  await writeFile(join(root, 'x.h5'), '');
  await writeFile(join(root, 'with:colon.npy'), '');
  await writeFile(join(top, 'root-too/y.h5'), '');
  await writeFile(join(top, 'outside/secret.h5'), '');
  await symlink(join(root, 'x.h5'), join(root, 'inner-link.h5'));
  await symlink(join(top, 'outside'), join(root, 'out'));
  await symlink(join(top, 'nowhere'), join(root, 'dangling'));
  await symlink(join(top, 'outside'), join(root, 'a.zarr/out'));
  await symlink(root, join(top, 'root-link'));
  open = resolvePath({ roots: [root] });
});
afterAll(() => rm(top, { recursive: true }));

async function problemOf(path: string, using = open): Promise<ApiProblem> {
  try {
    await using(path);
  } catch (error) {
    if (isApiProblem(error)) return error;
    throw error;
  }
  throw new Error(`${path} was opened`);
}

describe('paths of jobs', () => {
  it('are opened inside a root, with the dataset as em-io reads it', async () => {
    expect(await open(join(root, 'x.h5'))).toBe(join(root, 'x.h5'));
    expect(await open(`${root}/x.h5:/volumes/raw`)).toBe(`${root}/x.h5:/volumes/raw`);
    expect(await open(`${root}/a.zarr:0`)).toBe(`${root}/a.zarr:0`);
    expect(await open(`${root}/with:colon.npy`)).toBe(`${root}/with:colon.npy`);
    expect(await open(root)).toBe(root);
  });

  it('are followed through links that stay inside, of the root too', async () => {
    expect(await open(join(root, 'inner-link.h5'))).toBe(join(root, 'x.h5'));
    expect(await open(`${root}/inner-link.h5:/raw`)).toBe(`${root}/x.h5:/raw`);
    const linked = resolvePath({ roots: [join(top, 'not-mounted'), join(top, 'root-link')] });
    expect(await linked(join(top, 'root-link/x.h5'))).toBe(join(root, 'x.h5'));
  });

  it.each([
    ['a link out', 'root/out'],
    ['a file behind a link out', 'root/out/secret.h5'],
    ['a dataset of a file behind a link out', 'root/out/secret.h5:/raw'],
    ['a link inside a Zarr hierarchy', 'root/a.zarr:/out'],
    ['a way up', 'root/../outside/secret.h5'],
    ['a way up in a dataset', 'root/a.zarr:/../../outside'],
    ['a way up after a link', 'root/out/../root/x.h5'],
    ['a root of similar name', 'root-too/y.h5'],
    ['the directory of the root', '.'],
    ['a link to nothing', 'root/dangling'],
    ['something behind a link to nothing', 'root/dangling/x'],
  ])('are refused: %s', async (_, path) => {
    expect((await problemOf(`${top}/${path}`)).code).toBe('path-not-allowed');
  });

  it.each(['x.h5', './x.h5', '', 'http://127.0.0.1/x.zarr', 'file:///etc/passwd', '/etc/passwd\0.h5'])(
    'are absolute paths, not %j',
    async (path) => expect((await problemOf(path)).code).toBe('path-not-allowed'),
  );

  it('tell nothing of what is outside: whether something is there changes nothing but the name', async () => {
    const pairs = [
      [join(top, 'outside/secret.h5'), join(top, 'outside/nothing.h5')],
      [join(root, 'out/secret.h5'), join(root, 'out/nothing.h5')],
      [join(root, 'out/sub'), join(root, 'out/nothing/deeper')],
      [join(root, 'out/secret.h5:/raw'), join(root, 'out/nothing.h5:/raw')],
      [join(root, 'out/secret.h5/x'), join(root, 'out/nothing.h5/x')],
      [join(root, 'out'), join(root, 'dangling')],
      [`${root}/../outside/secret.h5`, `${root}/../outside/nothing.h5`],
    ] as const;
    for (const [there, missing] of pairs) {
      const [a, b] = [await problemOf(there), await problemOf(missing)];
      expect(a.code).toBe('path-not-allowed');
      expect({ code: b.code, message: b.message.replace(missing, there), value: there }).toEqual({
        code: a.code,
        message: a.message,
        value: a.options.value,
      });
    }
  });

  it('inside a root say that nothing is there', async () => {
    for (const path of ['missing.h5', 'missing/deeper.h5', 'missing.h5:/raw', 'x.h5/raw']) {
      const problem = await problemOf(join(root, path));
      expect([problem.code, problem.message]).toEqual([
        'volume-unreadable',
        `${join(root, path)} does not exist; check the path.`,
      ]);
    }
  });

  it('are not opened as something else that is named like file and dataset together', async () => {
    await mkdir(join(root, 'x.h5:'), { recursive: true });
    await symlink(join(top, 'outside/secret.h5'), join(root, 'x.h5:/trap'));
    expect((await problemOf(`${root}/inner-link.h5:/trap`)).code).toBe('path-not-allowed');
    expect((await problemOf(`${root}/x.h5:/trap`)).code).toBe('path-not-allowed');
    await rm(join(root, 'x.h5:'), { recursive: true });
  });

  it('are none on a server without roots, and the remedy is said', async () => {
    const none = resolvePath({ roots: [] });
    const problem = await problemOf(join(root, 'x.h5'), none);
    expect(problem).toMatchObject({ code: 'path-not-allowed', status: 422 });
    expect(problem.message).toContain('--data-root');
    expect((await problemOf('/missing', none)).message).toBe(problem.message);
  });
});

import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claim } from '../claim.ts';
import { recordingTerminal, temporaryDirectory, tokenunify } from '../testing.fixture.ts';
import { createReporter } from '../progress/reporter.ts';
import { addToManifest } from './add.ts';
import { runAnnotate } from './command.ts';
import { readManifest } from './read.ts';
import { entryOf, storePair } from './volumes.fixture.ts';

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let file: string;

beforeEach(async () => {
  folder = await temporaryDirectory();
  file = folder.join('annotations.json');
  await storePair(folder.path, 'a');
});
afterEach(() => folder.remove());

const part = (z: number, split: 'train' | 'held-out' = 'train') =>
  entryOf(folder.path, { raw: 'a.npy', labels: 'a-labels.npy', box: `${z}:${z + 1},:,:`, split });

describe('an entry that is added', () => {
  it('begins the manifest, and is then behind the others', async () => {
    await addToManifest(file, await part(0));
    const { entries } = await addToManifest(file, await part(1, 'held-out'));
    expect(entries.map(({ number, split }) => [number, split])).toEqual([
      [1, 'train'],
      [2, 'held-out'],
    ]);
    expect(await readManifest(file)).toEqual({ file, entries });
  });

  it('is not lost when several are added at once', async () => {
    const parts = await Promise.all([0, 1, 2, 3, 4, 5].map((z) => part(z, z === 5 ? 'held-out' : 'train')));
    await Promise.all(parts.map((entry) => addToManifest(file, entry)));
    const { entries } = await readManifest(file);
    expect(entries.map(({ sha256 }) => sha256).toSorted()).toEqual(
      parts.map(({ sha256 }) => sha256).toSorted(),
    );
  });

  it('is checked against what another command added meanwhile', async () => {
    const first = await part(0);
    const overlapping = await part(0, 'held-out');
    const ends = await Promise.allSettled([addToManifest(file, first), addToManifest(file, overlapping)]);
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(JSON.parse(await readFile(file, 'utf8'))).toHaveLength(1);
  });

  it('that is refused leaves the manifest as it is, and nothing beside it', async () => {
    await addToManifest(file, await part(0));
    const before = await readFile(file, 'utf8');
    await expect(addToManifest(file, { ...(await part(0)), split: 'held-out' })).rejects.toThrow(
      'Entry 2 (a.npy)',
    );
    await expect(addToManifest(file, await part(0))).rejects.toThrow('is entry 1 again');
    expect(await readFile(file, 'utf8')).toBe(before);
    expect((await readdir(folder.path)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('goes where a symlink points, which stays one', async () => {
    await addToManifest(file, await part(0));
    await symlink(file, folder.join('link.json'));
    await addToManifest(folder.join('link.json'), await part(1));
    expect(JSON.parse(await readFile(file, 'utf8'))).toHaveLength(2);
    expect((await stat(folder.join('link.json'))).ino).toBe((await stat(file)).ino);
  });

  it('waits while another command holds the manifest, and is given up when told to', async () => {
    const release = await claim(folder.join('.annotations.json.lock'));
    const stop = new AbortController();
    const entry = await part(0);
    const adding = addToManifest(file, entry, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 200);
    await expect(adding).rejects.toThrow();
    await expect(stat(file)).rejects.toThrow('ENOENT');
    setTimeout(release, 200);
    expect((await addToManifest(file, entry)).entries).toHaveLength(1);
  });

  it('needs a folder that can be written', async () => {
    await expect(addToManifest(folder.join('a.npy', 'annotations.json'), await part(0))).rejects.toThrow(
      /Cannot write the manifest|cannot be used/,
    );
  });
});

describe('tokenunify annotate', () => {
  const raw = () => folder.join('a.npy');
  const labels = () => folder.join('a-labels.npy');

  it('tells in JSON what it added, and keeps relative paths relative to the manifest', async () => {
    const args = [
      'annotate',
      '--manifest',
      'sets/annotations.json',
      '--raw',
      'a.npy',
      '--labels',
      './a-labels.npy',
    ];
    await mkdir(folder.join('sets'));
    const ended = await tokenunify([...args, '--box', ':2,:,:', '--split', 'train', '--json'], {
      cwd: folder.path,
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const lines = ended.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.at(-1)).toMatchObject({
      kind: 'result',
      number: 1,
      raw: '../a.npy',
      labels: '../a-labels.npy',
      box: '0:2,0:7,0:8',
      split: 'train',
      entries: { train: 1, heldOut: 0 },
    });
    const more = await tokenunify([...args, '--box', '1:,:,:', '--split', 'held-out'], { cwd: folder.path });
    expect(more.code).toBe(2);
    expect(more.stderr).toContain('tokenunify: Entry 2 (../a.npy) of sets/annotations.json is held-out');
    expect(more.stdout).toBe('');
  });

  it('loses no entry when two commands run at once', async () => {
    const args = ['annotate', '--manifest', file, '--raw', raw(), '--labels', labels(), '--split', 'train'];
    const ends = await Promise.all(['0:1,:,:', '1:2,:,:'].map((box) => tokenunify([...args, '--box', box])));
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toHaveLength(2);
  });

  it('says when entries of a split are still missing, and what it did', async () => {
    const { terminal, said } = recordingTerminal(false);
    const command = {
      manifest: file,
      raw: raw(),
      labels: labels(),
      box: '5:,:,:',
      split: 'held-out',
      json: false,
    } as const;
    const reporter = createReporter({ json: false, terminal });
    expect(await runAnnotate(command, new AbortController().signal, reporter)).toBe(0);
    expect(said.error).toContain('has no train entry yet; `npx tokenunify retrain` needs entries of both.');
    expect(said.out).toMatch(
      /^Entry 1 of .*: \/.*a\.npy 5:6,0:7,0:8 \(56 voxels\), held-out, sha256 [0-9a-f]{64}\n$/,
    );
  });

  it('refuses what cannot be annotated before it touches the manifest', async () => {
    const command = {
      manifest: file,
      raw: raw(),
      labels: raw().replace('a.npy', 'no.npy'),
      split: 'train',
      json: false,
    } as const;
    const { terminal } = recordingTerminal(false);
    const reporter = createReporter({ json: false, terminal });
    await expect(runAnnotate(command, new AbortController().signal, reporter)).rejects.toThrow(
      'no.npy does not exist',
    );
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });
});

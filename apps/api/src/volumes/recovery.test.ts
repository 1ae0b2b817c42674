import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localFiles, type Files } from './files.ts';
import { arrayOf, bodyOf, never, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
beforeEach(async () => void (server = await serveVolumes()));
afterEach(() => server.close());

const write = (key: string, value: string, id: string) =>
  server.store.put(id, key, bodyOf(value), { signal: never });

async function written(): Promise<string> {
  const { id } = await server.create();
  await write('zarr.json', arrayOf([4], [2]), id);
  await write('c/0', 'ab', id);
  await write('c/1', 'cd', id);
  return id;
}

describe('after a restart', () => {
  it('an open volume has what was put there, and can be written on', async () => {
    const id = await written();
    const before = await server.store.get(id);
    const again = await server.restarted();
    expect(await again.get(id)).toEqual(before);
    await again.put(id, 'c/1', bodyOf('efgh'), { signal: never });
    expect(await again.get(id)).toMatchObject({ bytes: before.bytes + 2, arrays: [{ chunks: 2 }] });
    expect(await again.seal(id, {})).toMatchObject({ state: 'sealed' });
  });

  it('a sealed volume is what it was', async () => {
    const id = await written();
    const sealed = await server.store.seal(id, {});
    expect(await (await server.restarted()).get(id)).toEqual(sealed);
  });

  it('bodies that had not arrived are gone, and nothing else', async () => {
    const id = await written();
    await writeFile(join(server.directory, id, 'incoming/0'), 'half a chu');
    const again = await server.restarted();
    expect(await readdir(join(server.directory, id, 'incoming'))).toEqual([]);
    expect(await again.get(id)).toMatchObject({ arrays: [{ chunks: 2 }] });
  });

  it('a result that was being written is still there for its job, and hidden', async () => {
    const result = server.store.createResult({ segmentation: 'seg_1' });
    await mkdir(result.path);
    await writeFile(join(result.path, 'zarr.json'), arrayOf([4], [2]));
    const again = await server.restarted();
    expect(again.createResult({ segmentation: 'seg_1' })).toEqual(result);
    await expect(again.get(result.id)).rejects.toMatchObject({ code: 'volume-not-found' });
    expect(await again.publishResult(result.id)).toMatchObject({ state: 'sealed' });
  });
});

describe('a deletion', () => {
  /** Marking, listing, and before and after each of two directories and the one they are in. */
  const STEPS = 8;
  /** Lets a deletion be killed at its nth step. */
  const killedAt = (step: number): Files => {
    let steps = 0;
    const count = () => {
      if (steps++ === step) throw new Error('killed');
    };
    return {
      ...localFiles,
      rename: (async (from, to) => (count(), rename(from, to))) satisfies typeof rename,
      readdir: (async (path: string) => (count(), readdir(path))) as typeof readdir,
      rm: (async (path: string, options: object) => {
        count();
        await localFiles.rm(path, options);
        count();
      }) as typeof localFiles.rm,
    };
  };

  it('that was killed at any step is finished at the next start', async () => {
    for (let step = 0; step <= STEPS; step++) {
      const id = await written();
      const dying = server.another({ files: killedAt(step) });
      const outcome = await dying.delete(id).then(
        () => 'done',
        () => 'killed',
      );
      expect([step, outcome]).toEqual([step, step < STEPS ? 'killed' : 'done']);
      const after = await server.restarted();
      await expect(after.get(id)).rejects.toMatchObject({ code: 'volume-not-found' });
      expect(await readdir(server.directory)).toEqual([]);
    }
  });
});

it('a deletion that only the name of a directory tells of is finished, and its volume never seen again', async () => {
  const id = await written();
  await server.store.seal(id, {});
  await rename(join(server.directory, id), join(server.directory, `${id}.deleting`));
  const again = await server.restarted();
  await expect(again.get(id)).rejects.toMatchObject({ code: 'volume-not-found' });
  expect(await readdir(server.directory)).toEqual([]);
});

it('a file that nobody has swept yet does not get in the way', async () => {
  const { id } = await server.create();
  await mkdir(join(server.directory, id, 'incoming'), { recursive: true });
  for (const name of ['0', '1']) await writeFile(join(server.directory, id, 'incoming', name), 'half');
  await write('c/0', 'ab', id);
  expect(await server.store.get(id)).toMatchObject({ bytes: 2 });
});

import * as files from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SegmentationError } from '../../errors.ts';
import { filesUnder, temporaryDirectory } from '../testing.ts';
import { directoryArtefacts, type ArtefactStore } from './index.ts';

// so that a test can let one call fail
vi.mock('node:fs/promises', async (original) => ({ ...(await original<typeof files>()) }));

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let store: ArtefactStore;
beforeEach(async () => {
  directory = await temporaryDirectory();
  store = directoryArtefacts(`${directory.path}/made/when/needed`);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await directory.remove();
});

const bytes = (...values: number[]) => Uint8Array.from(values);
const names = async (prefix: string) => {
  const found: string[] = [];
  for await (const { name } of store.list(prefix)) found.push(name);
  return found.sort();
};

describe('artefacts in a directory', () => {
  it('come back whole and in part', async () => {
    await store.put('files/a/b', [bytes(1, 2), bytes(), bytes(3, 4, 5)]);
    expect(await store.get('files/a/b')).toEqual(bytes(1, 2, 3, 4, 5));
    const part = new Uint8Array(3);
    await store.getRange('files/a/b', 1, part);
    expect(part).toEqual(bytes(2, 3, 4));
    await store.put('files/a/b', [bytes(9)]);
    expect(await store.get('files/a/b')).toEqual(bytes(9));
  });

  it('are listed by prefix, and gone when deleted, which can be done twice', async () => {
    for (const name of ['a/b/1', 'a/2', 'c/3']) await store.put(name, [bytes(1)]);
    expect(await names('a/')).toEqual(['a/2', 'a/b/1']);
    expect(await names('nothing/')).toEqual([]);
    await store.delete('a/2');
    await store.delete('a/2');
    expect(await names('a/')).toEqual(['a/b/1']);
    expect(await store.get('a/2')).toBeUndefined();
  });

  it('say that they are missing, or too short', async () => {
    await store.put('short', [bytes(1, 2)]);
    await expect(store.getRange('none', 0, new Uint8Array(1))).rejects.toMatchObject({
      code: 'segmentation/artefact-missing',
    });
    await expect(store.getRange('short', 1, new Uint8Array(2))).rejects.toMatchObject({
      code: 'segmentation/artefact-missing',
    });
  });

  it('let one of many win who put what is absent, and leave nothing of the others', async () => {
    const won = await Promise.all(Array.from({ length: 20 }, (_, i) => store.putIfAbsent('one', bytes(i))));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get('one')).toEqual(bytes(won.indexOf(true)));
    expect(await store.putIfAbsent('one', bytes(99))).toBe(false);
    expect(await names('tmp/')).toEqual([]);
  });

  it.each(['put', 'putIfAbsent'] as const)(
    'show nothing of what did not fit on a full disk: %s',
    async (how) => {
      await store.put('before', [bytes(1)]);
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      const { open } = files;
      vi.spyOn(files, 'open').mockImplementation(async (...parameters) => {
        const file = await open(...parameters);
        vi.spyOn(file, 'write').mockRejectedValue(full);
        return file;
      });
      const writing = how === 'put' ? store.put('new', [bytes(1)]) : store.putIfAbsent('new', bytes(1));
      const error = await writing.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(SegmentationError);
      expect(error).toMatchObject({ code: 'segmentation/no-space', cause: full });
      expect(await filesUnder(directory.path)).toEqual(['made/when/needed/before']);
    },
  );

  it('keep what the system refused as the cause', async () => {
    await store.put('file', [bytes(1)]);
    await expect(store.put('file/inside', [bytes(1)])).rejects.toMatchObject({
      code: 'segmentation/storage',
      cause: { code: expect.stringMatching(/ENOTDIR|EEXIST/) },
    });
  });
});

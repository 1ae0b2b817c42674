import { execFileSync } from 'node:child_process';
import type * as fs from 'node:fs';
import type * as promises from 'node:fs/promises';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createVolume } from './create.ts';
import { allocate } from './dtype.ts';
import { wholeBox, type Vec3 } from './geometry.ts';
import { openVolume } from './open.ts';
import { rejection, temporaryDirectory } from './testing.ts';

/** How many writes still succeed, and what the one after them fails with. */
const disk = vi.hoisted(() => ({ left: Infinity, code: 'ENOSPC' }));

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof promises>();
  const use = () => {
    if (disk.left-- <= 0) throw Object.assign(new Error(`${disk.code}: no space left`), { code: disk.code });
  };
  return {
    ...actual,
    async writeFile(...args: Parameters<typeof actual.writeFile>) {
      use();
      return actual.writeFile(...args);
    },
    async open(...args: Parameters<typeof actual.open>) {
      const handle = await actual.open(...args);
      const { write } = handle;
      handle.write = (async (...of: Parameters<typeof write>) => {
        use();
        return write.apply(handle, of);
      }) as typeof write; // its overloads
      return handle;
    },
  };
});

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  return {
    ...actual,
    writeSync(...args: Parameters<typeof actual.writeSync>) {
      if (disk.left-- <= 0)
        throw Object.assign(new Error(`${disk.code}: no space left`), { code: disk.code });
      return actual.writeSync(...args);
    },
  };
});

afterEach(() => {
  disk.left = Infinity;
  disk.code = 'ENOSPC';
});

const shape: Vec3 = [4, 8, 8];
const whole = wholeBox(shape);
const ones = { dtype: 'uint8', shape, data: allocate('uint8', 256).fill(1 as never) } as const;
const options = { shape, dtype: 'uint8', chunkShape: [1, 8, 8], compressor: 'none' } as const;

describe.each(['zarr', 'npy'])('a disk that is full while a %s is written', (extension) => {
  test.each([
    ['ENOSPC', /: its disk is full; free some space and try again\.$/],
    ['EDQUOT', /: the user's disk quota is used up; free some space and try again\.$/],
  ])('is told by its own code (%s), and what was written before is whole', async (code, message) => {
    await using directory = await temporaryDirectory();
    const path = directory.join(`a.${extension}`);
    const writer = await createVolume(path, options);
    const slab = { start: [0, 0, 0], stop: [1, 8, 8] } as const;
    await writer.write(slab, { dtype: 'uint8', shape: [1, 8, 8], data: ones.data.subarray(0, 64) });
    Object.assign(disk, { left: 0, code });
    const error = await rejection(writer.write(whole, ones));
    expect(error).toMatchObject({ code: 'em-io/no-space', retryable: false });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(`Cannot write ${path}`);
    disk.left = Infinity;
    expect((await writer.read(slab)).data.every((value) => value === 1)).toBe(true);
    await writer.write(whole, ones); // there is space again
    await writer.close();
    await using reader = await openVolume(path);
    expect(await reader.read(whole)).toEqual(ones);
    const names = await readdir(directory.path, { recursive: true });
    expect(names.filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('leaves nothing when not even the beginning could be written', async () => {
    await using directory = await temporaryDirectory();
    disk.left = 0;
    const error = await rejection(createVolume(directory.join(`a.${extension}`), options));
    expect(error).toMatchObject({ code: 'em-io/no-space' });
    expect((await readdir(directory.path, { recursive: true })).filter((name) => name !== 'a.zarr')).toEqual(
      [],
    );
  });
});

/** A file system of 256 KiB, or why there is none. */
async function tinyDisk(): Promise<(AsyncDisposable & { path: string }) | string> {
  if (process.platform !== 'linux') return 'only Linux has tmpfs';
  if (process.getuid?.() !== 0) return 'only root may mount';
  const path = await mkdtemp(join(tmpdir(), 'em-io-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    await rm(path, { recursive: true });
    return `mount failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      execFileSync('umount', [path]);
      await rm(path, { recursive: true });
    },
  };
}

test.each(['zarr', 'npy'])('a disk that is really full: %s', async (extension) => {
  const tiny = await tinyDisk();
  if (typeof tiny === 'string') {
    console.log(`skipped, no tiny disk: ${tiny}`);
    return;
  }
  await using disk = tiny;
  const large: Vec3 = [16, 256, 256];
  const data = allocate('uint8', 2 ** 20).fill(7 as never);
  await using writer = await createVolume(join(disk.path, `a.${extension}`), {
    ...options,
    shape: large,
    chunkShape: [1, 256, 256],
  });
  const error = await rejection(writer.write(wholeBox(large), { dtype: 'uint8', shape: large, data }));
  expect(error).toMatchObject({ code: 'em-io/no-space' });
  if (extension === 'npy') return;
  // Every chunk that is there is whole, and the rest is the fill value.
  await using reader = await openVolume(join(disk.path, 'a.zarr'));
  const { data: kept } = await reader.read(wholeBox(large));
  const sections = Array.from({ length: 16 }, (_, z) =>
    [...new Set(Array.from(kept.subarray(z * 65_536, (z + 1) * 65_536), Number))].join(),
  );
  expect(new Set(sections)).toEqual(new Set(['0', '7']));
  const names = await readdir(disk.path, { recursive: true });
  expect(names.filter((name) => name.includes('partial'))).toEqual([]);
});

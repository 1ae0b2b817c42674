import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVolume, wholeBox, type Vec3 } from '@tokenunify/em-io';
import { variationOfInformation } from '@tokenunify/segmentation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoredSpec } from '../record.ts';
import { compareLabels } from './compare.ts';
import { checkRoom } from './room.ts';

const shape: Vec3 = [20, 30, 40];
const never = new AbortController().signal;

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'compare-'))));
afterEach(() => rm(directory, { recursive: true, force: true }));

async function labels(name: string, of: (voxel: number) => number, chunkShape: Vec3, size = shape) {
  const path = join(directory, `${name}.zarr`);
  const volume = await createVolume(path, { shape: size, dtype: 'uint32', chunkShape });
  const data = Uint32Array.from({ length: size[0] * size[1] * size[2] }, (_, voxel) => of(voxel));
  await volume.write(wholeBox(size), { dtype: 'uint32', shape: size, data });
  await volume.close();
  return { path, data };
}

describe('comparing labels', () => {
  it('chunk by chunk gives what all of them at once give, whatever the chunks of either', async () => {
    const a = await labels('a', (voxel) => Math.floor(voxel / 700), [8, 16, 16]);
    const b = await labels('b', (voxel) => 1 + (Math.floor(voxel / 450) % 30), [20, 7, 40]);
    const { split, merge } = variationOfInformation(a.data, b.data);
    const agreement = await compareLabels({ truth: a.path, labels: b.path, memoryLimit: 1e7 }, never);
    expect(agreement.voxels).toBe(a.data.filter((label) => label > 0).length);
    expect(agreement.voiSplit).toBeCloseTo(split, 12);
    expect(agreement.voiMerge).toBeCloseTo(merge, 12);
  });

  it('takes no more memory than it may', async () => {
    const a = await labels('a', (voxel) => voxel + 1, [8, 16, 16]);
    await expect(
      compareLabels({ truth: a.path, labels: a.path, memoryLimit: 1e6 }, never),
    ).rejects.toMatchObject({
      code: 'segmentation-failed',
      message: expect.stringContaining('1000000 bytes'),
    });
  });

  it('says what cannot be compared: other boxes, nothing at all, an array that is gone', async () => {
    const a = await labels('a', () => 1, [8, 16, 16]);
    const small = await labels('small', () => 1, [8, 16, 16], [20, 30, 39]);
    const empty = await labels('empty', () => 0, [8, 16, 16]);
    const message = (truth: string, other: string) =>
      compareLabels({ truth, labels: other, memoryLimit: 1e7 }, never).then(
        String,
        (error: Error) => error.message,
      );
    expect(await message(a.path, small.path)).toContain('20 x 30 x 39');
    expect(await message(empty.path, a.path)).toContain('truth id other than 0');
    const gone = await message(a.path, join(directory, 'gone.zarr'));
    expect(gone).toContain('that of the challenger');
    expect(gone).not.toContain(directory);
  });

  it('ends with its signal', async () => {
    const a = await labels('a', (voxel) => voxel % 50, [1, 1, 40]);
    const stop = new AbortController();
    const comparing = compareLabels({ truth: a.path, labels: a.path, memoryLimit: 1e7 }, stop.signal);
    stop.abort(new Error('a job came'));
    await expect(comparing).rejects.toThrow('a job came');
  });
});

it('a shadow that would fill the disk is not run', async () => {
  const spec = (side: number) =>
    ({ box: { start: [0, 0, 0], stop: [side, side, side] } }) as unknown as StoredSpec; // all that is looked at
  await expect(checkRoom(directory, spec(2 ** 17))).rejects.toMatchObject({ code: 'insufficient-storage' });
  await expect(checkRoom(directory, spec(10))).resolves.toBeUndefined();
});

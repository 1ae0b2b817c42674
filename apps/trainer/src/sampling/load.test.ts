import { Random } from '@tokenunify/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cells, emIoFixture, temporaryDirectory, write } from '../testing.fixture.ts';
import { CropSampler } from './crops.ts';
import { loadBlock } from './load.ts';

const shape = [6, 7, 8] as const;
const { raw, labels } = cells(shape, 4);
const size = 6 * 7 * 8;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  directory = await temporaryDirectory();
  await write(directory.join('raw.zarr'), raw, [35, 8, 8]);
  await write(directory.join('labels.npy'), labels);
});
afterAll(() => directory.remove());

async function refusal(what: Promise<unknown>): Promise<{ code: unknown; message: string }> {
  try {
    await what;
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      return { code: error.code, message: error.message.replaceAll(directory.path, '.') };
    throw error;
  }
  throw new Error('accepted');
}

describe('a block', () => {
  it('is a box of the volume and of its labels, with the voxel size', async () => {
    const whole = await loadBlock({ raw: directory.join('raw.zarr'), labels: directory.join('labels.npy') });
    expect(whole).toEqual({
      source: directory.join('raw.zarr'),
      location: directory.join('raw.zarr'),
      shape,
      box: { start: [0, 0, 0], stop: shape },
      volumeShape: shape,
      raw: raw.data,
      labels: labels.data,
      voxelSize: [35, 8, 8],
    });
    const part = await loadBlock({
      raw: directory.join('raw.zarr'),
      labels: directory.join('labels.npy'),
      box: '2:4,:3,5:',
    });
    expect(part.shape).toEqual([2, 3, 3]);
    expect(part.box).toEqual({ start: [2, 0, 5], stop: [4, 3, 8] });
    expect(part.volumeShape).toEqual(shape);
    const expected = (data: Uint8Array | Uint32Array) =>
      [2, 3].flatMap((z) => [0, 1, 2].flatMap((y) => [5, 6, 7].map((x) => data[(z * 7 + y) * 8 + x])));
    expect([...part.raw]).toEqual(expected(raw.data));
    expect([...part.labels]).toEqual(expected(labels.data));
  });

  it('shows crops nothing outside its box', async () => {
    const marked = new Uint8Array(size).fill(255);
    for (let z = 0; z < 6; z++)
      for (let y = 2; y < 5; y++) marked.fill(7, (z * 7 + y) * 8, (z * 7 + y + 1) * 8);
    const location = await write(directory.join('marked.npy'), { dtype: 'uint8', shape, data: marked });
    const block = await loadBlock({ raw: location, box: ':,2:5,:' });
    const intensity = { contrast: 0, brightness: 0, gamma: 0, noise: 0 };
    const sampler = new CropSampler([block], { isotropic: true, intensity });
    const random = new Random(2);
    for (let i = 0; i < 200; i++)
      for (const v of sampler.raw([3, 3, 3], random)) expect(Math.round(v * 255)).toBe(7);
  });

  it.each(['uint16', 'int64', 'uint64', 'bool'] as const)('takes ids that are %s', async (dtype) => {
    const values = Array.from(labels.data, (id) => id % 2);
    const data =
      dtype === 'int64'
        ? BigInt64Array.from(values, BigInt)
        : dtype === 'uint64'
          ? BigUint64Array.from(values, BigInt)
          : dtype === 'uint16'
            ? Uint16Array.from(values)
            : Uint8Array.from(values);
    const location = await write(directory.join(`${dtype}.zarr`), { dtype, shape, data });
    const block = await loadBlock({ raw: directory.join('raw.zarr'), labels: location });
    expect([...block.labels]).toEqual(values);
  });

  it('stops reading when told to', async () => {
    const reason = new Error('enough');
    await expect(loadBlock({ raw: directory.join('raw.zarr') }, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });
});

describe('a block is refused', () => {
  it('when grey values are not uint8', async () => {
    const data = new Float32Array(size).fill(NaN);
    const location = await write(directory.join('float.npy'), { dtype: 'float32', shape, data });
    expect(await refusal(loadBlock({ raw: location }))).toEqual({
      code: 'trainer/data',
      message: './float.npy has dtype float32, but grey values are uint8 here; convert it first.',
    });
  });

  it('when it has channels', async () => {
    const data = new Uint8Array(2 * size);
    const location = await write(directory.join('channels.npy'), {
      dtype: 'uint8',
      shape: [2, ...shape],
      data,
    });
    expect(await refusal(loadBlock({ raw: location }))).toEqual({
      code: 'trainer/data',
      message:
        './channels.npy has 2 channels, but a volume with the axes (z, y, x) is needed; write one channel on its own.',
    });
  });

  it('when it has no voxels', async () => {
    const location = await write(directory.join('empty.npy'), {
      dtype: 'uint8',
      shape: [0, 7, 8],
      data: new Uint8Array(0),
    });
    expect(await refusal(loadBlock({ raw: location }))).toEqual({
      code: 'trainer/data',
      message: './empty.npy has shape [0, 7, 8] and no voxels; name another volume.',
    });
  });

  it('when labels have another shape', async () => {
    const location = await write(directory.join('small.npy'), {
      dtype: 'uint32',
      shape: [6, 7, 7],
      data: new Uint32Array(6 * 7 * 7),
    });
    expect(await refusal(loadBlock({ raw: directory.join('raw.zarr'), labels: location }))).toEqual({
      code: 'trainer/data',
      message:
        './small.npy has shape [6, 7, 7], ./raw.zarr has [6, 7, 8]; labels must cover the raw volume voxel by voxel.',
    });
  });

  it('when an id has more than 32 bits, rather than wrap it', async () => {
    const data = new BigUint64Array(size).fill(1n);
    data[5] = 2n ** 32n;
    const location = await write(directory.join('wide.zarr'), { dtype: 'uint64', shape, data });
    expect(await refusal(loadBlock({ raw: directory.join('raw.zarr'), labels: location }))).toEqual({
      code: 'em-io/out-of-range',
      message: './wide.zarr holds the id 4294967296, and ids must be between 0 and 4294967295; relabel it.',
    });
  });

  it('when labels are fractions', async () => {
    const location = await write(directory.join('fractions.npy'), {
      dtype: 'float32',
      shape,
      data: new Float32Array(size),
    });
    expect(await refusal(loadBlock({ raw: directory.join('raw.zarr'), labels: location }))).toMatchObject({
      code: 'em-io/dtype-unsupported',
      message: expect.stringContaining('./fractions.npy is float32'),
    });
  });

  it('when there is no such dataset, naming those that are there', async () => {
    const { code, message } = await refusal(
      loadBlock({ raw: `${emIoFixture('hdf5/cremi-like.h5')}:/volumes/rw` }),
    );
    expect(code).toBe('em-io/dataset-missing');
    expect(message).toMatch(/volumes\/rw in .*cremi-like\.h5 does not exist; the file has .*\/volumes\/raw/);
  });
});

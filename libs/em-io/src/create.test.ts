import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createVolume } from './create.ts';
import { dtypes } from './dtype.ts';
import { boxShape, wholeBox, type Box, type Vec3 } from './geometry.ts';
import { openVolume } from './open.ts';
import { cutOut, pattern, rejection, temporaryDirectory } from './testing.ts';

const lengths = (least: number, most: number) =>
  fc.tuple(
    fc.integer({ min: least, max: most }),
    fc.integer({ min: least, max: most }),
    fc.integer({ min: least, max: most }),
  );

/** Boxes that tile a volume, in arbitrary order: a volume is written in any blocks. */
function tiling(shape: Vec3, block: Vec3): Box[] {
  const boxes: Box[] = [];
  for (let z = 0; z < shape[0]; z += block[0])
    for (let y = 0; y < shape[1]; y += block[1])
      for (let x = 0; x < shape[2]; x += block[2])
        boxes.push({
          start: [z, y, x],
          stop: [
            Math.min(z + block[0], shape[0]),
            Math.min(y + block[1], shape[1]),
            Math.min(x + block[2], shape[2]),
          ],
        });
  return boxes;
}

describe.each(['zarr', 'npy'])('%s', (extension) => {
  test('any dtype, shape and chunk, written in any blocks at once, reads back identically, whole and in boxes', async () => {
    await using directory = await temporaryDirectory();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          dtype: fc.constantFrom(...dtypes),
          shape: lengths(1, 7),
          chunkShape: lengths(1, 5),
          block: lengths(1, 7),
          channels: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
          compressor: fc.constantFrom('zstd' as const, 'gzip' as const, 'none' as const),
        }),
        async ({ dtype, shape, chunkShape, block, channels, compressor }) => {
          const path = directory.join(`${run++}.${extension}`);
          const expected = pattern([...(channels ? [channels] : []), ...shape], dtype);
          const full = (box: Box) =>
            channels === undefined
              ? cutOut(expected, box.start, box.stop)
              : cutOut(expected, [0, ...box.start], [channels, ...box.stop]);
          const boxes = tiling(shape, block).reverse();
          await using writer = await createVolume(path, {
            shape,
            dtype,
            chunkShape,
            compressor,
            ...(channels && { channels }),
          });
          await Promise.all(boxes.map((box) => writer.write(box, full(box))));
          expect(await writer.read(wholeBox(shape))).toEqual(expected);
          await writer.close();
          await using reader = await openVolume(path);
          expect(reader).toMatchObject({ dtype, shape, format: extension });
          expect(reader.channels).toBe(channels);
          expect(await reader.read(wholeBox(shape))).toEqual(expected);
          for (const box of boxes.slice(0, 3)) expect(await reader.read(box)).toEqual(full(box));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('voxels never written are 0', async () => {
    await using directory = await temporaryDirectory();
    const path = directory.join(`a.${extension}`);
    await using writer = await createVolume(path, {
      shape: [4, 5, 6],
      dtype: 'int16',
      chunkShape: [2, 2, 2],
    });
    await writer.write(
      { start: [1, 1, 1], stop: [2, 2, 2] },
      { dtype: 'int16', shape: [1, 1, 1], data: new Int16Array([-5]) },
    );
    await writer.close();
    await using reader = await openVolume(path);
    const { data } = await reader.read(wholeBox([4, 5, 6]));
    expect([...data].filter((value) => value !== 0)).toEqual([-5]);
    expect(data[1 * 30 + 1 * 6 + 1]).toBe(-5);
  });

  test('a write that does not fit is refused, naming what was expected', async () => {
    await using directory = await temporaryDirectory();
    await using writer = await createVolume(directory.join(`a.${extension}`), {
      shape: [4, 5, 6],
      dtype: 'uint32',
    });
    const box = { start: [0, 0, 0], stop: [2, 2, 2] } as const;
    const wrong = await rejection(writer.write(box, pattern([2, 2, 2], 'uint8')));
    expect(wrong.code).toBe('em-io/dtype-mismatch');
    expect(wrong.message).toMatch(/holds uint32, but the array to write is uint8/);
    const misfit = await rejection(writer.write(box, pattern([2, 2, 3], 'uint32')));
    expect(misfit.code).toBe('em-io/shape-mismatch');
    expect(misfit.message).toMatch(/must be 2 x 2 x 2, but is 2 x 2 x 3/);
    const outside = { start: [3, 0, 0], stop: [5, 2, 2] } as const;
    expect(await rejection(writer.write(outside, pattern(boxShape(outside), 'uint32')))).toMatchObject({
      code: 'em-io/box-outside',
    });
    await writer.close();
    expect(await rejection(writer.write(box, pattern([2, 2, 2], 'uint32')))).toMatchObject({
      code: 'em-io/closed',
    });
    expect(await rejection(writer.read(box))).toMatchObject({ code: 'em-io/closed' });
    await writer.close();
  });

  test('what is there is replaced only on request, and only by its own kind', async () => {
    await using directory = await temporaryDirectory();
    const path = directory.join(`a.${extension}`);
    const make = async (value: number, overwrite?: boolean) => {
      const writer = await createVolume(path, {
        shape: [1, 1, 1],
        dtype: 'uint8',
        ...(overwrite && { overwrite }),
      });
      await writer.write(wholeBox([1, 1, 1]), {
        dtype: 'uint8',
        shape: [1, 1, 1],
        data: new Uint8Array([value]),
      });
      await writer.close();
    };
    await make(1);
    expect(await rejection(make(2))).toMatchObject({ code: 'em-io/exists' });
    await make(3, true);
    await using reader = await openVolume(path);
    expect((await reader.read(wholeBox([1, 1, 1]))).data[0]).toBe(3);
    await mkdir(directory.join(`precious.${extension}`));
    await writeFile(directory.join(`precious.${extension}/notes.txt`), 'mine');
    const over = createVolume(directory.join(`precious.${extension}`), {
      shape: [1, 1, 1],
      dtype: 'uint8',
      overwrite: true,
    });
    expect((await rejection(over)).message).toMatch(/is not a volume of that format, so it is not replaced/);
    expect(await readFile(directory.join(`precious.${extension}/notes.txt`), 'utf8')).toBe('mine');
  });

  test('an aborted write rejects with the reason', async () => {
    await using directory = await temporaryDirectory();
    await using writer = await createVolume(directory.join(`a.${extension}`), {
      shape: [4, 5, 6],
      dtype: 'uint8',
    });
    const reason = new Error('stop');
    const write = writer.write(wholeBox([4, 5, 6]), pattern([4, 5, 6], 'uint8'), {
      signal: AbortSignal.abort(reason),
    });
    await expect(write).rejects.toBe(reason);
  });

  test('a place that cannot be written is named', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(directory.join('file'), '');
    const path = directory.join(`file/a.${extension}`);
    const error = await rejection(createVolume(path, { shape: [1, 1, 1], dtype: 'uint8' }));
    expect(error.code).toBe('em-io/io');
    expect(error.message).toContain(`Cannot write ${path}`);
  });
});

test('Zarr keeps voxel size, offset and attributes, in the forms that others read', async () => {
  await using directory = await temporaryDirectory();
  const path = directory.join('a.zarr');
  await using writer = await createVolume(path, {
    shape: [2, 3, 4],
    dtype: 'float32',
    channels: 3,
    voxelSize: [35, 8, 8],
    offset: [350, 0, 16],
    attributes: { model: 'nano' },
  });
  await writer.close();
  await using reader = await openVolume(path);
  expect(reader).toMatchObject({
    voxelSize: [35, 8, 8],
    offset: [350, 0, 16],
    attributes: { model: 'nano' },
  });
  const metadata: unknown = JSON.parse(await readFile(`${path}/zarr.json`, 'utf8'));
  expect(metadata).toMatchObject({
    zarr_format: 3,
    shape: [3, 2, 3, 4],
    dimension_names: ['c', 'z', 'y', 'x'],
    attributes: {
      resolution: [35, 8, 8],
      offset: [350, 0, 16],
      units: ['nm', 'nm', 'nm'],
      dimension_units: [null, '35 nm', '8 nm', '8 nm'],
    },
  });
});

test('chunks appear whole: no partial file is left, and none is ever under a chunk name', async () => {
  await using directory = await temporaryDirectory();
  await using writer = await createVolume(directory.join('a.zarr'), {
    shape: [8, 8, 8],
    dtype: 'uint8',
    chunkShape: [4, 4, 4],
  });
  await writer.write(wholeBox([8, 8, 8]), pattern([8, 8, 8], 'uint8'));
  const names = await readdir(directory.join('a.zarr'), { recursive: true });
  expect(names.filter((name) => /^c\/\d\/\d\/\d$/.test(name))).toHaveLength(8);
  expect(names.filter((name) => name.includes('partial'))).toEqual([]);
});

test('an npy file has its name only once it is closed, and vanishes when it is abandoned', async () => {
  await using directory = await temporaryDirectory();
  const options = { shape: [1, 1, 1], dtype: 'uint8' } as const;
  const writer = await createVolume(directory.join('kept.npy'), options);
  expect(await readdir(directory.path)).toEqual(['kept.npy.partial']);
  await writer.close();
  {
    await using abandoned = await createVolume(directory.join('dropped.npy'), options);
    expect(abandoned.shape).toEqual([1, 1, 1]);
  }
  expect(await readdir(directory.path)).toEqual(['kept.npy']);
});

test.each([
  ['an unknown extension', 'a.tif', {}, 'em-io/unknown-format', /end its name in \.zarr or \.npy/],
  ['HDF5', 'a.h5', {}, 'em-io/unknown-format', /end its name in \.zarr or \.npy/],
  ['a remote place', 's3://bucket/a.zarr', {}, 'em-io/unknown-format', /remote location \(s3\)/],
  [
    'a negative shape',
    'a.zarr',
    { shape: [1, -1, 1] as const },
    'em-io/option',
    /shape is \[1,-1,1\], but must be/,
  ],
  ['no channels', 'a.zarr', { channels: 0 }, 'em-io/option', /channels is 0/],
  ['empty chunks', 'a.zarr', { chunkShape: [0, 1, 1] as const }, 'em-io/option', /chunkShape is/],
  ['a flat voxel', 'a.zarr', { voxelSize: [0, 1, 1] as const }, 'em-io/option', /voxelSize is/],
  ['an endless offset', 'a.zarr', { offset: [NaN, 1, 1] as const }, 'em-io/option', /offset is/],
])('%s is refused before anything is made', async (_, name, options, code, message) => {
  await using directory = await temporaryDirectory();
  const path = name.includes('://') ? name : directory.join(name);
  const error = await rejection(createVolume(path, { shape: [1, 1, 1], dtype: 'uint8', ...options }));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  expect(await readdir(directory.path)).toEqual([]);
});

test('a Zarr group is never replaced: it may hold the very volume that was read', async () => {
  await using directory = await temporaryDirectory();
  const group = directory.join('data.zarr');
  await mkdir(group);
  await writeFile(directory.join('data.zarr/zarr.json'), '{"zarr_format": 3, "node_type": "group"}');
  const raw = await createVolume(directory.join('data.zarr/raw.zarr'), { shape: [1, 1, 1], dtype: 'uint8' });
  await raw.close();
  const over = createVolume(group, { shape: [1, 1, 1], dtype: 'uint8', overwrite: true });
  expect(await rejection(over)).toMatchObject({ code: 'em-io/exists' });
  await using reader = await openVolume(directory.join('data.zarr/raw.zarr'));
  expect(reader.shape).toEqual([1, 1, 1]);
});

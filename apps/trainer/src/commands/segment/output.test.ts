import { pathToFileURL } from 'node:url';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { openVolume, wholeBox } from '@tokenunify/em-io';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../testing.fixture.ts';
import { checkOutput, saveVolume } from './output.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let at: (name: string) => string;
let next = 0;
beforeAll(async () => void (directory = await temporaryDirectory()));
beforeEach(() => {
  const own = directory.join(String(next++));
  mkdirSync(own);
  at = (name) => `${own}/${name}`;
});
afterAll(() => directory.remove());

const array = (first: number) => ({
  dtype: 'uint32' as const,
  shape: [2, 3, 4],
  data: Uint32Array.from({ length: 24 }, (_, v) => first + v),
});
const torn = { ...array(0), data: new Uint32Array(23) };

describe.each(['labels.zarr', 'labels.npy'])('an output %s', (name) => {
  it('is written whole', async () => {
    await saveVolume(at(name), array(5), { overwrite: false, voxelSize: [10, 10, 10] });
    await using volume = await openVolume(at(name));
    expect((await volume.read(wholeBox([2, 3, 4]))).data).toEqual(array(5).data);
    expect(await readdir(at('.'))).toEqual([name]);
  });

  it('is not there when writing fails', async () => {
    await expect(saveVolume(at(name), torn, { overwrite: false })).rejects.toThrow(/has 24 elements/);
    expect(await readdir(at('.'))).toEqual([]);
  });

  it('is replaced only when told to', async () => {
    await saveVolume(at(name), array(1), { overwrite: false });
    await expect(checkOutput(at(name), { overwrite: false })).rejects.toThrow(
      /exists already; .* --overwrite/,
    );
    await checkOutput(at(name), { overwrite: true });
    await saveVolume(at(name), array(2), { overwrite: true });
    await using volume = await openVolume(at(name));
    expect((await volume.read(wholeBox([2, 3, 4]))).data).toEqual(array(2).data);
  });
});

describe('an output is refused before anything is computed', () => {
  it.each(['labels.zarr', 'labels.npy'])('when it is the input itself: %s', async (name) => {
    await saveVolume(at(name), array(1), { overwrite: false });
    symlinkSync(at(name), at(`link-${name}`));
    for (const output of [name, `link-${name}`])
      await expect(checkOutput(at(output), { overwrite: true, input: at(name) })).rejects.toThrow(
        /is what is read/,
      );
  });

  it('when it lies in the input, or the input in it, dataset or not', async () => {
    await saveVolume(at('raw.zarr'), array(1), { overwrite: false });
    for (const [output, input] of [
      ['raw.zarr/labels.zarr', 'raw.zarr'],
      ['raw.zarr', 'raw.zarr/scale0'],
      ['raw.zarr', 'raw.zarr:/volumes/raw'],
    ] as const)
      await expect(checkOutput(at(output), { overwrite: true, input: at(input) })).rejects.toThrow(
        /is what is read/,
      );
    await expect(
      checkOutput(at('raw2.zarr'), { overwrite: false, input: at('raw.zarr') }),
    ).resolves.toBeUndefined();
  });

  it('when it is the input by another name: a URL, a dataset without a slash, a directory that ends in a colon', async () => {
    await saveVolume(at('v.npy'), array(1), { overwrite: false });
    await saveVolume(at('v.zarr'), array(1), { overwrite: false });
    mkdirSync(at('a:'));
    await saveVolume(at('a:/w.npy'), array(1), { overwrite: false });
    for (const [output, input] of [
      [at('v.npy'), pathToFileURL(at('v.npy')).href],
      [at('v.zarr'), at('v.zarr:raw')],
      [at('a:/w.npy'), at('a:/w.npy')],
    ] as const)
      await expect(checkOutput(output, { overwrite: true, input })).rejects.toThrow(/is what is read/);
  });

  it('when a file stands where its directory should be', async () => {
    writeFileSync(at('notes.txt'), '');
    await expect(checkOutput(at('notes.txt/out.npy'), { overwrite: true })).rejects.toThrow(
      /directory .* does not exist/i,
    );
  });

  it('when it is a group, a directory, remote, or the other output', async () => {
    mkdirSync(at('group.zarr'));
    writeFileSync(at('group.zarr/zarr.json'), '{"zarr_format":3,"node_type":"group"}');
    mkdirSync(at('dir.npy'));
    for (const name of ['group.zarr', 'dir.npy'])
      await expect(checkOutput(at(name), { overwrite: true })).rejects.toThrow(/other than one array/);
    await expect(checkOutput('http://host/labels.zarr', { overwrite: true })).rejects.toThrow(
      /remote outputs/,
    );
    await expect(checkOutput(at('a.npy'), { overwrite: true, besides: at('./a.npy') })).rejects.toThrow(
      /two places/,
    );
  });
});

it.each(['labels.zarr', 'labels.npy'])(
  'what %s replaces is there until the new one is whole',
  async (name) => {
    await saveVolume(at(name), array(1), { overwrite: false });
    await expect(saveVolume(at(name), torn, { overwrite: true })).rejects.toThrow();
    await using volume = await openVolume(at(name));
    expect((await volume.read(wholeBox([2, 3, 4]))).data).toEqual(array(1).data);
    expect(await readdir(at('.'))).toEqual([name]);
  },
);

it('what is not a volume is never replaced', async () => {
  mkdirSync(at('work.zarr'));
  writeFileSync(at('work.zarr/thesis.txt'), 'years of work');
  await expect(saveVolume(at('work.zarr'), array(1), { overwrite: true })).rejects.toThrow(/is not replaced/);
  expect(readFileSync(at('work.zarr/thesis.txt'), 'utf8')).toBe('years of work');
  expect(existsSync(at('work.zarr/zarr.json'))).toBe(false);
});

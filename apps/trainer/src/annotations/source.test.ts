import { link, mkdir, rename, symlink } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Volume } from '@tokenunify/em-io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emIoFixture, temporaryDirectory } from '../testing.fixture.ts';
import { opened } from './open.ts';
import { identityOf } from './source.ts';
import { storePair } from './volumes.fixture.ts';

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  folder = await temporaryDirectory();
  await storePair(folder.path, 'a');
  await storePair(folder.path, 'b', 1, '.zarr');
  await mkdir(folder.join('group.zarr'));
  await rename(folder.join('b.zarr'), folder.join('group.zarr', 'inner'));
  await symlink(folder.join('a.npy'), folder.join('link.npy'));
  await link(folder.join('a.npy'), folder.join('hard.npy'));
  await symlink(folder.path, folder.join('here'));
});
afterAll(() => folder.remove());

const local = (location: string) => opened(location, {}, identityOf);
const web = (location: string) => identityOf({ location, format: 'zarr' } as Volume); // all it looks at

describe('a volume is the same', () => {
  it('through links, another spelling and file://', async () => {
    const names = [
      folder.join('a.npy'),
      folder.join('link.npy'),
      folder.join('hard.npy'),
      `${folder.path}//./here/../a.npy`.replace('here/../', ''),
      folder.join('here', 'a.npy'),
      pathToFileURL(folder.join('a.npy')).href,
    ];
    expect(new Set(await Promise.all(names.map(local))).size).toBe(1);
  });

  it('as a Zarr array and as what is inside a group, with slashes behind it or not', async () => {
    const inner = folder.join('group.zarr', 'inner');
    const names = [
      inner,
      `${inner}/`,
      `${folder.join('group.zarr')}:/inner`,
      `${folder.join('group.zarr')}:/inner/`,
    ];
    expect(new Set(await Promise.all(names.map(local))).size).toBe(1);
  });

  it('whether an HDF5 dataset is named or found', async () => {
    const file = emIoFixture('hdf5/cremi-like.h5');
    const names = [`${file}:/volumes/raw`, `${file}:volumes/raw`, `${file}:/volumes//raw/`];
    expect(new Set(await Promise.all(names.map(local))).size).toBe(1);
    const labels = await local(`${file}:/volumes/labels/neuron_ids`);
    expect(labels).not.toBe(await local(names[0]!));
  });

  it('at one host and path, however the URL is written', async () => {
    const names = [
      'https://data.example/em/x.zarr:/raw',
      'https://data.example/em/x.zarr/raw',
      'https://DATA.example:443/em//x.zarr/raw/',
      'https://data.example/em/x%2Ezarr/raw',
      'http://data.example/em/x.zarr/raw',
    ];
    expect(new Set(await Promise.all(names.map(web))).size).toBe(1);
    expect(await web('https://data.example/em/y.zarr/raw')).not.toBe(await web(names[0]!));
    expect(await web('https://other.example/em/x.zarr/raw')).not.toBe(await web(names[0]!));
  });

  it('and another file is another', async () => {
    expect(await local(folder.join('a.npy'))).not.toBe(await local(folder.join('a-labels.npy')));
  });
});

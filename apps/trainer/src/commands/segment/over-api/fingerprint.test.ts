import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { openVolume, wholeBox } from '@tokenunify/em-io';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cells, temporaryDirectory, write } from '../../../testing.fixture.ts';
import { fingerprintOf } from './fingerprint.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (directory = await temporaryDirectory()));
afterAll(() => directory.remove());

async function fingerprint(name: string, from = 0): Promise<string> {
  const volume = await openVolume(directory.join(name));
  const { stop } = wholeBox(volume.shape);
  await volume.close();
  return fingerprintOf(directory.join(name), volume, { start: [from, 0, 0], stop });
}

it('an input that nobody touched has the fingerprint that it had', async () => {
  const { raw } = cells([8, 8, 8], 2);
  for (const name of ['same.npy', 'same.zarr']) {
    await write(directory.join(name), raw, [10, 10, 10]);
    expect(await fingerprint(name)).toBe(await fingerprint(name));
    expect(await fingerprint(name, 1)).not.toBe(await fingerprint(name));
  }
  expect(await fingerprint('same.npy')).not.toBe(await fingerprint('same.zarr'));
});

it('any file of it that was written, added or removed changes it', async () => {
  const at = directory.join('changed.zarr');
  await write(at, cells([8, 8, 8], 2).raw);
  const seen = [await fingerprint('changed.zarr')];
  for (const change of [
    () => utimesSync(`${at}/c/0/0/0`, 1, 1),
    () => writeFileSync(`${at}/c/0/0/1`, 'more'),
    () => rmSync(`${at}/c/0/0/1`),
  ]) {
    change();
    seen.push(await fingerprint('changed.zarr'));
  }
  expect(new Set(seen.slice(0, 3)).size).toBe(3);
  expect(seen[3]).toBe(seen[1]);
});

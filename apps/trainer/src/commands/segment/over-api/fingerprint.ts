import { createHash, type Hash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Box, Volume } from '@tokenunify/em-io';
import { exists } from '../place.ts';
import { pathOf } from '../output.ts';

/** A digest of anything that JSON can hold. */
export const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex');

/**
 * Tells whether an input is the one of an earlier command: where it is, what it is, and size and time of every file of it.
 * Its voxels are not read; of an input on the web only the metadata is compared.
 */
export async function fingerprintOf(location: string, volume: Volume, box: Box): Promise<string> {
  const { dtype, shape, channels, chunkShape, voxelSize, attributes } = volume;
  const hash = createHash('sha256');
  hash.update(
    JSON.stringify([volume.location, dtype, shape, channels, chunkShape, voxelSize, attributes, box]),
  );
  const path = await pathOf(location);
  if (await exists(path)) await addFiles(hash, path);
  return hash.digest('hex');
}

async function addFiles(hash: Hash, path: string): Promise<void> {
  const found = await stat(path, { bigint: true });
  if (!found.isDirectory()) {
    hash.update(`${path}\0${found.size}\0${found.mtimeNs}\0`);
    return;
  }
  for (const name of (await readdir(path)).sort()) await addFiles(hash, join(path, name));
}

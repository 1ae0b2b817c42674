import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openVolume } from '@tokenunify/em-io';
import { readCheckpoint, readModelPackage } from '@tokenunify/model';
import type { Facts } from './lines.ts';

/** What a volume, a checkpoint or a model package is. */
export async function thing(what: string): Promise<Facts> {
  if (existsSync(join(what, 'rdf.yaml'))) {
    const { name, version, digest, preset, tileShape, voxelSize, postprocessing } =
      await readModelPackage(what);
    return {
      type: 'model package',
      name,
      version,
      digest,
      preset,
      tile: tileShape,
      voxelSize,
      postprocessing,
    };
  }
  if (what.endsWith('.safetensors')) {
    const { state, weights, optimizer } = await readCheckpoint(what);
    const values = [...weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    return {
      type: 'checkpoint',
      bytes: statSync(what).size,
      weights: weights.size,
      values,
      resumable: optimizer !== undefined,
      ...state,
    };
  }
  const volume = await openVolume(what);
  try {
    const { format, dtype, shape, channels, chunkShape, voxelSize, offset, attributes } = volume;
    return {
      type: 'volume',
      format,
      dtype,
      shape,
      channels,
      chunks: chunkShape,
      voxelSize,
      offset,
      attributes,
    };
  } finally {
    await volume.close();
  }
}

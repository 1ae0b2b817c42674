/** Writes one volume of each kind this library can write, for tools/oracles/em-io_read_back.py to read. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createVolume, dtypes, type Vec3 } from '../src/index.ts';
import { pattern } from '../src/testing.ts';

const root = process.argv[2];
if (!root) throw new Error('usage: node libs/em-io/bin/write-for-read-back.ts DIRECTORY');
await mkdir(root, { recursive: true });
const shape: Vec3 = [5, 6, 7];
for (const dtype of dtypes) {
  for (const channels of [undefined, 3]) {
    for (const kind of ['zstd', 'gzip', 'none', 'npy'] as const) {
      const volume = await createVolume(
        join(
          root,
          `${dtype}-${channels ? 'channels' : 'single'}-${kind === 'npy' ? 'plain.npy' : `${kind}.zarr`}`,
        ),
        {
          shape,
          dtype,
          chunkShape: [2, 4, 3],
          voxelSize: [40, 4.5, 4.5],
          offset: [400, 0, 9],
          overwrite: true,
          ...(channels && { channels }),
          ...(kind !== 'npy' && { compressor: kind }),
        },
      );
      const array = pattern([...(channels ? [channels] : []), ...shape], dtype);
      await volume.write({ start: [0, 0, 0], stop: shape }, array);
      await volume.close();
    }
  }
}

import type { Vec3 } from '@tokenunify/em-io';
import type { InputScale } from '@tokenunify/model';
import type { LoadedBlock } from '../../../sampling/load.ts';

/** One tile from the middle of a block, scaled; mirrored where the block is smaller. */
export function middleTile(block: LoadedBlock, tile: Vec3, { offset, scale }: InputScale): Float32Array {
  const [along, across, side] = tile.map((length, axis) =>
    Array.from({ length }, (_, i) => {
      const size = block.shape[axis]!;
      return mirrored(i + Math.floor((size - length) / 2), size);
    }),
  ) as [number[], number[], number[]]; // an axis each
  const out = new Float32Array(tile[0] * tile[1] * tile[2]);
  const [, height, width] = block.shape;
  let at = 0;
  for (const z of along)
    for (const y of across)
      for (const x of side) out[at++] = (block.raw[(z * height + y) * width + x]! - offset) * scale;
  return out;
}

/** ... 2 1 | 0 1 2 ... size-1 | size-2 ... */
export function mirrored(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const at = ((index % period) + period) % period;
  return at < size ? at : period - at;
}

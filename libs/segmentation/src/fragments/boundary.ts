import type { QuantisedAffinities } from '../affinities.ts';
import { Scratch } from '../scratch.ts';

/** Which links count: all three axes, or those inside a section (the paper's map for anisotropic volumes). */
export type WatershedMode = '3d' | 'section';

/**
 * How much of a boundary each voxel is, 0 .. 255: one minus the mean affinity of its links.
 *
 * In `section` mode the links are the paper's, v -> v - e_y and v -> v - e_x. In `3d` mode the links on both sides of
 * the voxel count, which keeps the map from being shifted by half a voxel along every axis. Links that leave the volume
 * do not count.
 */
export function boundaryMap(
  affinities: QuantisedAffinities,
  mode: WatershedMode,
  scratch = new Scratch(),
): Uint8Array {
  const [depth, height, width] = affinities.shape;
  const out = scratch.uint8(depth * height * width);
  scratch.scope(() => fillBoundary(out, affinities, mode, scratch));
  return out;
}

function fillBoundary(
  out: Uint8Array,
  { data, shape }: QuantisedAffinities,
  mode: WatershedMode,
  scratch: Scratch,
): void {
  const [depth, height, width] = shape;
  const n = depth * height * width;
  const strides = [height * width, width, 1] as const;
  const sums = scratch.uint16(n).fill(0);
  const links = scratch.uint8(n).fill(0);
  const axes = mode === '3d' ? ([0, 1, 2] as const) : ([1, 2] as const);
  for (const axis of axes) {
    const stride = strides[axis];
    const low = [axis === 0 ? 1 : 0, axis === 1 ? 1 : 0, axis === 2 ? 1 : 0] as const;
    for (let z = low[0]; z < depth; z++)
      for (let y = low[1]; y < height; y++) {
        const row = (z * height + y) * width;
        for (let v = row + low[2]; v < row + width; v++) {
          const level = data[axis * n + v];
          sums[v] += level;
          links[v] += 1;
          if (mode === 'section') continue;
          sums[v - stride] += level;
          links[v - stride] += 1;
        }
      }
  }
  for (let v = 0; v < n; v++) {
    const count = links[v];
    // a volume of one voxel has no links, and no boundary
    out[v] = count === 0 ? 0 : 255 - (((2 * sums[v] + count) / (2 * count)) | 0);
  }
}

import type { QuantisedAffinities } from '../affinities.ts';

/** Which links count: all three axes, or those inside a section (the paper's map for anisotropic volumes). */
export type WatershedMode = '3d' | 'section';

/**
 * How much of a boundary each voxel is, 0 .. 255: one minus the mean affinity of its links.
 *
 * In `section` mode the links are the paper's, v -> v - e_y and v -> v - e_x. In `3d` mode the links on both sides of
 * the voxel count, which keeps the map from being shifted by half a voxel along every axis. Links that leave the volume
 * do not count.
 */
export function boundaryMap({ data, shape }: QuantisedAffinities, mode: WatershedMode): Uint8Array {
  const [depth, height, width] = shape;
  const n = depth * height * width;
  const strides = [height * width, width, 1] as const;
  const sums = new Uint16Array(n);
  const links = new Uint8Array(n);
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
  const out = new Uint8Array(n);
  for (let v = 0; v < n; v++) {
    const count = links[v];
    // a volume of one voxel has no links, and no boundary
    out[v] = count === 0 ? 0 : 255 - (((2 * sums[v] + count) / (2 * count)) | 0);
  }
  return out;
}

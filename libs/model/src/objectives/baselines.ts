/** Predictions that learn nothing: what a network has to beat before it has learned anything. */
import type { Vec3 } from '../ops/ops.ts';
import { tokenIndices, type Visibility } from './hiding.ts';

/** Every voxel is the mean of the visible ones. */
export function meanOfVisible(
  crop: Float32Array,
  visible: Visibility,
  grid: Vec3,
  token: Vec3,
): Float32Array {
  const seen = tokenIndices(grid, token, (index) => visible[index] === 1);
  let sum = 0;
  for (const at of seen) sum += crop[at]!;
  return new Float32Array(crop.length).fill(sum / seen.length);
}

/** Every hidden token is a copy of the visible one nearest to it, in voxels; of several, the first in raster order. */
export function copyOfNearest(
  crop: Float32Array,
  visible: Visibility,
  grid: Vec3,
  token: Vec3,
): Float32Array {
  const out = Float32Array.from(crop);
  const place = (index: number): Vec3 => [
    Math.floor(index / (grid[1] * grid[2])) * token[0],
    (Math.floor(index / grid[2]) % grid[1]) * token[1],
    (index % grid[2]) * token[2],
  ];
  const width = grid[2] * token[2];
  const height = grid[1] * token[1];
  const seen = Array.from(visible, (value, index) => ({ value, at: place(index) })).filter(
    ({ value }) => value === 1,
  );
  visible.forEach((value, index) => {
    if (value === 1) return;
    const at = place(index);
    let [best, from] = [Infinity, at];
    for (const { at: other } of seen) {
      const distance = other.reduce((sum, position, axis) => sum + (position - at[axis]!) ** 2, 0);
      if (distance < best) [best, from] = [distance, other];
    }
    for (let z = 0; z < token[0]; z++)
      for (let y = 0; y < token[1]; y++) {
        const row = ([oz, oy, ox]: Vec3) => ((oz + z) * height + oy + y) * width + ox;
        out.set(crop.subarray(row(from), row(from) + token[2]), row(at));
      }
  });
  return out;
}

/**
 * Two ways to say what is hidden without having learnt anything. A network that is no better than these has not learnt
 * to see: the mean is the best constant, and the copy knows that neighbours are alike.
 */
import type { Vec3 } from '../ops/ops.ts';
import type { Visibility } from './hiding.ts';

/**
 * Mean grey value of the visible tokens.
 * @param crop row-major [z, y, x]
 * @param visible 1 or 0 a token, raster order; at least one 1
 * @param order the crop's voxels, token by token: `tokenIndices` of all
 */
export function meanOfVisible(crop: Float32Array, visible: Visibility, order: Uint32Array): number {
  const size = order.length / visible.length;
  let [sum, count] = [0, 0];
  for (let i = 0; i < order.length; i++) {
    if (visible[Math.floor(i / size)] !== 1) continue;
    sum += crop[order[i]!]!;
    count++;
  }
  return sum / count;
}

/**
 * For every token, the visible one whose centre is nearest, in voxels; of several that are equally near, the one that
 * comes first in raster order. A visible token's nearest is itself.
 *
 * @param visible 1 or 0 a token, raster order; at least one 1
 * @param grid tokens of the crop, (z, y, x)
 * @param token voxels of a token, (z, y, x): distances along a flat token's axes differ
 * @returns an index a token
 */
export function nearestVisible(visible: Visibility, grid: Vec3, token: Vec3): Int32Array {
  const [, gy, gx] = grid;
  const seen: number[] = [];
  visible.forEach((value, t) => value === 1 && seen.push(t));
  const place = (t: number): Vec3 => [
    Math.floor(t / (gy * gx)) * token[0],
    (Math.floor(t / gx) % gy) * token[1],
    (t % gx) * token[2],
  ];
  const places = seen.map(place);
  return Int32Array.from(visible, (value, t) => {
    if (value === 1) return t;
    const [z, y, x] = place(t);
    let [best, nearest] = [Infinity, -1];
    for (let i = 0; i < seen.length; i++) {
      const at = places[i]!;
      const distance = (at[0] - z) ** 2 + (at[1] - y) ** 2 + (at[2] - x) ** 2;
      if (distance < best) [best, nearest] = [distance, seen[i]!];
    }
    return nearest;
  });
}

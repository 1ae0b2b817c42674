import type { AxisPlan } from './plan.ts';

/**
 * Gaussian weight of each voxel of a tile along one axis: sigma an eighth of the tile, never below 1 / 100, so that a
 * voxel that only a tile's corner sees still counts.
 */
export function tileWeights(tile: number): Float64Array {
  const sigma = tile / 8;
  const centre = (tile - 1) / 2;
  return Float64Array.from({ length: tile }, (_, i) =>
    Math.max(0.01, Math.exp(-((i - centre) ** 2) / (2 * sigma * sigma))),
  );
}

/**
 * Sum of the weights of all tiles over each position of an axis. The tiling is a product, so the sum over a voxel's
 * tiles is the product of its three axes' sums, and no volume of weights is kept.
 */
export function weightSums({ length, tile, starts }: AxisPlan): Float64Array {
  const weights = tileWeights(tile);
  const sums = new Float64Array(length);
  for (const start of starts)
    for (let i = 0; i < tile; i++) {
      const at = start + i;
      if (at >= 0 && at < length) sums[at] += weights[i];
    }
  return sums;
}

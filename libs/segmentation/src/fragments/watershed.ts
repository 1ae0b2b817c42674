import type { QuantisedAffinities } from '../affinities.ts';
import { Scratch } from '../scratch.ts';
import type { Vec3 } from '../shape.ts';
import { boundaryMap, type WatershedMode } from './boundary.ts';
import { squaredDistances } from './distance.ts';
import { flood } from './flood.ts';
import { regionalMaxima } from './maxima.ts';
import { smoothIntegers } from './smooth.ts';

/** How fragments are made; every field has a default except the mode. */
export interface WatershedOptions {
  /** `3d` for isotropic volumes, `section` for anisotropic ones: each z-slice on its own, as the paper does. */
  readonly mode: WatershedMode;
  /** Boundary from which a voxel is outside, in [0, 1]. Default 0.2 in 3d (chosen by validation on FIB-25, see the bundled model's card), 0.5 in sections (the paper's). */
  readonly boundaryThreshold?: number;
  /** Smoothing of the distance before its maxima are taken, in voxels of the finest axis. Default 0.5 in 3d, 0 in sections. */
  readonly seedSigma?: number;
  /** Maxima of the (smoothed) distance below this, in voxels of the finest axis, are no seeds. Default 0. */
  readonly minimumSeedDistance?: number;
  /** Fragments with fewer voxels are given to their neighbours by a second flood. Default 0: keep all. */
  readonly minimumFragmentSize?: number;
  /** Voxel size (z, y, x) in any unit; only ratios count. Default isotropic. */
  readonly voxelSize?: Vec3;
}

/** Distances are counted in 1 / 16 voxel, so that everything after the root is integer. */
const UNITS = 16;

/**
 * Watershed of one piece of a volume: seeds at the maxima of the distance to the boundary, flooded over the boundary map.
 * Labels are 1, 2, ... in raster order of the seeds; every voxel gets one unless the piece has no seed at all, in which
 * case it is a single fragment. They lie in the scratch, if one is given.
 */
export function watershed(
  affinities: QuantisedAffinities,
  options: WatershedOptions,
  scratch = new Scratch(),
): Uint32Array {
  const { shape } = affinities;
  const sections = options.mode === 'section';
  const boundary = boundaryMap(affinities, options.mode, scratch);
  const seeds = scratch.uint32(boundary.length);
  scratch.scope(() => findSeeds(seeds, boundary, shape, options, scratch));
  const labels = flood(boundary, seeds, shape, sections, scratch);
  if (sections) fillEmptySections(labels, shape);
  else if (labels[0] === 0) labels.fill(1);
  const least = options.minimumFragmentSize ?? 0;
  return least > 1 ? dropSmall(labels, boundary, shape, sections, least, scratch) : labels;
}

function findSeeds(
  seeds: Uint32Array,
  boundary: Uint8Array,
  shape: Vec3,
  options: WatershedOptions,
  scratch: Scratch,
): void {
  const sections = options.mode === 'section';
  const limit = (options.boundaryThreshold ?? (sections ? 0.5 : 0.2)) * 255;
  const inside = scratch.uint8(boundary.length);
  for (let v = 0; v < boundary.length; v++) inside[v] = boundary[v] < limit ? 1 : 0;
  const size = options.voxelSize ?? [1, 1, 1];
  const finest = Math.min(...size);
  const spacing: Vec3 = [sections ? 0 : size[0] / finest, size[1] / finest, size[2] / finest];
  const farthest = (shape[0] + shape[1] + shape[2]) * UNITS;
  const distances = scratch.int32(inside.length);
  scratch.scope(() => {
    const squares = squaredDistances(inside, shape, spacing, scratch.float64(inside.length));
    for (let v = 0; v < squares.length; v++)
      distances[v] = squares[v] === Infinity ? farthest : Math.round(UNITS * Math.sqrt(squares[v]));
  });
  const sigma = options.seedSigma ?? (sections ? 0 : 0.5);
  smoothIntegers(distances, shape, [
    sections ? 0 : sigma / spacing[0],
    sigma / spacing[1],
    sigma / spacing[2],
  ]);
  // Smoothing leaks over the boundary; seeds stay inside.
  for (let v = 0; v < distances.length; v++) if (inside[v] === 0) distances[v] = 0;
  const least = Math.max(1, Math.round((options.minimumSeedDistance ?? 0) * UNITS));
  regionalMaxima(distances, shape, sections, least, scratch, seeds);
}

/** A section without a seed is one fragment. */
function fillEmptySections(labels: Uint32Array, [depth, height, width]: Vec3): void {
  const plane = height * width;
  let fresh = 0;
  for (let v = 0; v < labels.length; v++) if (labels[v] > fresh) fresh = labels[v];
  for (let z = 0; z < depth; z++)
    if (labels[z * plane] === 0) labels.fill(++fresh, z * plane, (z + 1) * plane);
}

function dropSmall(
  labels: Uint32Array,
  boundary: Uint8Array,
  shape: Vec3,
  sections: boolean,
  least: number,
  scratch: Scratch,
): Uint32Array {
  let most = 0;
  for (let v = 0; v < labels.length; v++) if (labels[v] > most) most = labels[v];
  const sizes = new Uint32Array(most + 1);
  for (let v = 0; v < labels.length; v++) sizes[labels[v]] += 1;
  const seeds = scratch.uint32(labels.length);
  for (let v = 0; v < labels.length; v++) seeds[v] = sizes[labels[v]] < least ? 0 : labels[v];
  const flooded = flood(boundary, seeds, shape, sections, scratch);
  // Where only small fragments were (a section, or the piece), nothing can flood them: they stay.
  for (let v = 0; v < flooded.length; v++) if (flooded[v] === 0) flooded[v] = labels[v];
  return flooded;
}

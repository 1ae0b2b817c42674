import type { Box, Vec3 } from '@tokenunify/em-io';
import { SegmentationError } from '../errors.ts';

/** One axis of the tiling: where tiles start (negative when the volume is smaller than a tile), and how many voxels there are. */
export interface AxisPlan {
  readonly length: number;
  readonly tile: number;
  readonly starts: readonly number[];
}

/**
 * The tiling of a volume: a product of three axes. Positions follow from the shapes and the overlap alone, never from
 * what part of the volume is asked for, so a voxel's affinities do not depend on the request.
 */
export interface TilePlan {
  readonly shape: Vec3;
  readonly tile: Vec3;
  readonly axes: readonly [AxisPlan, AxisPlan, AxisPlan];
  /** Starts of the tiles that touch the box, raster order. */
  readonly tiles: readonly Vec3[];
  /** Voxels inferred for each voxel of the volume: 1 would be no overlap and no padding. */
  readonly redundancy: number;
}

/**
 * Plans the tiles that touch a box.
 *
 * @param overlap share of a tile that at least overlaps its neighbour, 0 .. 0.9
 * @throws {SegmentationError} an overlap or tile that makes no sense
 */
export function planTiles(shape: Vec3, tile: Vec3, overlap: number, box?: Box): TilePlan {
  if (!(overlap >= 0 && overlap <= 0.9))
    throw new SegmentationError(
      'segmentation/bad-option',
      `The overlap is ${overlap}, but it must lie between 0 and 0.9 of a tile (0.25 is usual).`,
    );
  const axis = (d: 0 | 1 | 2) => planAxis(shape[d], tile[d], overlap);
  const axes = [axis(0), axis(1), axis(2)] as const;
  const touching = axes.map((plan, d) => plan.starts.filter((start) => touches(start, plan.tile, box, d)));
  const tiles = touching[0].flatMap((z) =>
    touching[1].flatMap((y) => touching[2].map((x): Vec3 => [z, y, x])),
  );
  const redundancy = axes.reduce(
    (product, { starts, length }, d) => (product * starts.length * tile[d]) / length,
    1,
  );
  return { shape, tile, axes, tiles, redundancy };
}

/** Tiles spread evenly from end to end, overlapping by the share asked for or more; one centred tile if it covers all. */
export function planAxis(length: number, tile: number, overlap: number): AxisPlan {
  if (length <= tile) return { length, tile, starts: [-Math.floor((tile - length) / 2)] };
  const stride = Math.max(1, Math.floor(tile * (1 - overlap)));
  const last = Math.ceil((length - tile) / stride);
  const starts = Array.from({ length: last + 1 }, (_, i) => Math.round((i * (length - tile)) / last));
  return { length, tile, starts };
}

function touches(start: number, tile: number, box: Box | undefined, axis: number): boolean {
  return box === undefined || (start < box.stop[axis] && start + tile > box.start[axis]);
}

/** Mirrors a position into 0 .. length - 1 without repeating the border voxel, as often as needed. */
export function reflect(position: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const at = ((position % period) + period) % period;
  return at < length ? at : period - at;
}

import { boxShape, type Vec3 } from '@tokenunify/em-io';
import type { JobPlan } from './task.ts';

/**
 * Bytes that a worker needs at most for one task of a plan, agglomeration and the network itself aside: what decides how
 * many workers a machine has room for. With a halo of 16, cells of 256 voxels a side take 773 MB,
 * cells of 128 take 131 MB.
 *
 * @example const workers = Math.min(cores, Math.floor(limit / taskMemory(plan)));
 */
export function taskMemory({ spec }: Pick<JobPlan, 'spec'>): number {
  const { tileShape, tilesPerTask, block, box, cell, halo } = spec;
  const whole = boxShape(box);
  const extent = (of: Vec3, around: Vec3): Vec3 => {
    const side = (d: 0 | 1 | 2) => Math.min(of[d] + 2 * around[d], whole[d]);
    return [side(0), side(1), side(2)];
  };
  const blockShape = extent(block, [0, 0, 0]);
  const context = extent(block, halo);
  const oneCell = block.every((side, d) => side === cell[d]);
  // the watershed's maps, seeds, distances, labels and queue; a block of several cells also holds a copy of the cell's affinities
  const flooding = oneCell ? 26 * padded(context) : 29 * padded(extent(cell, halo));
  const fragments = 3 * voxels(context) + 4 * voxels(blockShape) + flooding;
  const tile = voxels(tileShape);
  const slab = Math.min(1, tileShape[0] / blockShape[0]);
  const affinities = voxels(blockShape) * (3 + 12 * slab) + 12 * tile;
  // input and prediction of a run, and as much again while the network works
  const tiles = 2 * tilesPerTask * 16 * tile;
  const graph = voxels(blockShape) * 7;
  return Math.ceil(Math.max(fragments, affinities, tiles, graph));
}

const voxels = (shape: Vec3): number => shape[0] * shape[1] * shape[2];
const padded = (shape: Vec3): number => voxels([shape[0] + 2, shape[1] + 2, shape[2] + 2]);

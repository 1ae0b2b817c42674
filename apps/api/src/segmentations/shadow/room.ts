import { statfs } from 'node:fs/promises';
import { elementCount } from '@tokenunify/em-io';
import { ApiProblem } from '../../problem.ts';
import type { StoredSpec } from '../record.ts';

/** Affinities, fragments and labels of a voxel, and the predictions that are not blended yet. */
const VOXEL_BYTES = 3 + 4 + 4 + 12;
/** The rest is for jobs and uploads, which a shadow must not be in the way of. */
const SPARE = 2;

/**
 * Whether the disk has room for a shadow and as much again.
 *
 * @throws ApiProblem `insufficient-storage`
 */
export async function checkRoom(directory: string, { box: { start, stop } }: StoredSpec): Promise<void> {
  const voxels = elementCount(stop.map((to, axis) => to - (start[axis] ?? 0)));
  const needed = SPARE * VOXEL_BYTES * voxels;
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new ApiProblem(
    'insufficient-storage',
    `The disk has ${free} bytes left, and a shadow of ${voxels} voxels is run only when there are ${needed}; make room for the next one.`,
    { value: free, limit: needed },
  );
}

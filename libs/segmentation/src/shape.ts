import type { Vec3 } from '@tokenunify/em-io';
import { SegmentationError } from './errors.ts';

export type { Vec3 };

/** Any array of label ids. 64-bit ids are taken as bigints, as JavaScript's typed arrays give them. */
export type LabelArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array;

/** Voxel indices are held in 32-bit signed integers. */
const MOST_VOXELS = 2 ** 31;

/** Number of voxels of a shape; refuses shapes that are not three positive integers. */
export function voxelCount(shape: Vec3): number {
  const ok = shape.length === 3 && shape.every((side) => Number.isSafeInteger(side) && side > 0);
  if (!ok)
    throw new SegmentationError(
      'segmentation/bad-shape',
      `The shape is [${shape.join(', ')}], but three positive whole numbers (z, y, x) are needed: check the axes.`,
    );
  const voxels = shape[0] * shape[1] * shape[2];
  if (voxels < MOST_VOXELS) return voxels;
  throw new SegmentationError(
    'segmentation/too-large',
    `A volume of ${shape.join(' x ')} has ${voxels} voxels, but ${MOST_VOXELS - 1} fit in one piece: segment it in parts.`,
  );
}

/** Throws unless an array called `what` holds exactly `expected` values. */
export function expectLength(what: string, actual: number, expected: number, because: string): void {
  if (actual === expected) return;
  throw new SegmentationError(
    'segmentation/shape-mismatch',
    `${what} holds ${actual} values, but ${expected} are needed (${because}): pass arrays of one shape.`,
  );
}

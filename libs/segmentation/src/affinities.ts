import { SegmentationError } from './errors.ts';
import { expectLength, voxelCount, type Vec3 } from './shape.ts';

/** Affinities [3, z, y, x] in 1 / 255: what is stored, and what everything after inference starts from. */
export interface QuantisedAffinities {
  readonly shape: Vec3;
  readonly data: Uint8Array;
  /** Where voxel (0, 0, 0) of the array lies in its volume: cells are anchored at the volume's origin. Default there. */
  readonly origin?: Vec3;
}

/** Checks that the data fills three channels of the shape. */
export function checkQuantised({ data, shape }: QuantisedAffinities): void {
  expectLength('affinities', data.length, 3 * voxelCount(shape), `three channels of ${shape.join(' x ')}`);
}

/**
 * Float affinities rounded to 1 / 255.
 *
 * @throws {SegmentationError} a value outside [0, 1] or NaN, with its channel and voxel
 */
export function quantiseAffinities(values: Float32Array, shape: Vec3): QuantisedAffinities {
  expectLength('affinities', values.length, 3 * voxelCount(shape), `three channels of ${shape.join(' x ')}`);
  checkAffinityRange(values, shape);
  const data = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = (values[i] * 255 + 0.5) | 0;
  return { shape, data };
}

/** Throws at the first float that is no affinity, naming where it is. */
export function checkAffinityRange(values: Float32Array, shape: Vec3): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value >= 0 && value <= 1) continue;
    const n = values.length / 3;
    const [, height, width] = shape;
    const v = i % n;
    const at = [Math.floor(v / (height * width)), Math.floor(v / width) % height, v % width];
    throw new SegmentationError(
      'segmentation/bad-affinity',
      `The affinity of channel ${Math.floor(i / n)} at voxel (${at.join(', ')}) is ${value}, but affinities lie in [0, 1]: check the model's output or scale the array.`,
    );
  }
}

import { splitChannels } from './axes.ts';
import { byteOffset, byteStrides, copyRegion } from './copy-region.ts';
import { bytesOf, itemSize } from './dtype.ts';
import type { Vec3 } from './geometry.ts';
import { checkArray, type NdArray } from './ndarray.ts';
import { regionShape, volumeOver, type Volume } from './volume.ts';

/**
 * An array in memory as a volume. The array is not copied; `read` returns copies.
 *
 * ```ts
 * const volume = volumeFromArray(decodeNpy(body), { voxelSize: [10, 10, 10] });
 * ```
 * @param array shape `[z, y, x]` or `[c, z, y, x]`.
 * @throws `em-io/axes` for another rank, `em-io/shape-mismatch` for an array that contradicts itself.
 */
export function volumeFromArray(
  array: NdArray,
  options: { voxelSize?: Vec3; offset?: Vec3; location?: string; attributes?: Record<string, unknown> } = {},
): Volume {
  checkArray(array);
  const location = options.location ?? 'an array in memory';
  const size = itemSize(array.dtype);
  const strides = byteStrides(array.shape, size);
  const bytes = bytesOf(array.data);
  return volumeOver(
    {
      location,
      format: 'memory',
      dtype: array.dtype,
      ...splitChannels(array.shape, location),
      ...(options.voxelSize && { voxelSize: options.voxelSize }),
      ...(options.offset && { offset: options.offset }),
      attributes: options.attributes ?? {},
    },
    {
      async readRegion(region, target) {
        const extent = regionShape(region);
        copyRegion(
          { bytes, offset: byteOffset(region.start, strides), strides },
          { bytes: target, offset: 0, strides: byteStrides(extent, size) },
          extent,
          size,
        );
      },
      async close() {},
    },
  );
}

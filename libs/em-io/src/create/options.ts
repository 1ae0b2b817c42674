/** What `createVolume` was asked for: checked, and as the formats take it. */
import type { CreateOptions } from '../create.ts';
import { isDtype } from '../dtype.ts';
import { EmIoError } from '../errors.ts';
import type { Vec3 } from '../geometry.ts';
import type { VolumeInfo } from '../volume.ts';
import { defaultCompressor, nativeZstd, type Compressor } from '../zarr/codecs.ts';

/** @internal @throws `em-io/option`. */
export function checkOptions(location: string, options: CreateOptions): void {
  const refuse = (field: string, value: unknown, rule: string) => {
    throw new EmIoError(
      'em-io/option',
      `Cannot create ${location}: ${field} is ${JSON.stringify(value)}, but must be ${rule}.`,
    );
  };
  if (!isDtype(options.dtype)) refuse('dtype', options.dtype, 'bool, an integer type, float32 or float64');
  const counts = (values: readonly number[], least: number) =>
    values.length === 3 && values.every((value) => Number.isSafeInteger(value) && value >= least);
  const sizes = (values: readonly number[], least: number) =>
    values.length === 3 && values.every((value) => Number.isFinite(value) && value > least);
  if (!counts(options.shape, 0)) refuse('shape', options.shape, 'three integers, (z, y, x), of 0 or more');
  if (options.chunkShape && !counts(options.chunkShape, 1)) {
    refuse('chunkShape', options.chunkShape, 'three integers, (z, y, x), of 1 or more');
  }
  if (options.channels !== undefined && !(Number.isSafeInteger(options.channels) && options.channels > 0)) {
    refuse('channels', options.channels, 'an integer of 1 or more');
  }
  if (options.voxelSize && !sizes(options.voxelSize, 0)) {
    refuse('voxelSize', options.voxelSize, 'three positive numbers, (z, y, x), in nm');
  }
  if (options.offset && !sizes(options.offset, -Infinity)) {
    refuse('offset', options.offset, 'three numbers, (z, y, x), in nm');
  }
  if (options.compressor === 'zstd' && !nativeZstd) {
    refuse('compressor', 'zstd', 'gzip or none on this version of Node; 22.15 and later have zstd');
  }
}

/** @internal What is known of the volume before it is made. */
export function infoOf(location: string, options: CreateOptions): Omit<VolumeInfo, 'format'> {
  const { shape, dtype, channels, voxelSize, offset } = options;
  return {
    location,
    dtype,
    shape,
    ...(channels !== undefined && { channels }),
    ...(voxelSize && { voxelSize }),
    ...(offset && { offset }),
    attributes: {},
  };
}

/** @internal The same for a Zarr array, defaults filled in. */
export function zarrOptions(
  location: string,
  options: CreateOptions,
): { info: VolumeInfo & { chunkShape: Vec3 }; compressor: Compressor; maxReadBytes?: number | undefined } {
  const [z, y, x] = options.shape;
  const chunkShape: Vec3 = options.chunkShape ?? [chunkLength(z), chunkLength(y), chunkLength(x)];
  const attributes = options.attributes ?? {};
  return {
    info: { ...infoOf(location, options), format: 'zarr', chunkShape, attributes },
    compressor: options.compressor ?? defaultCompressor,
    maxReadBytes: options.maxReadBytes,
  };
}

function chunkLength(voxels: number): number {
  return Math.max(1, Math.min(64, voxels));
}

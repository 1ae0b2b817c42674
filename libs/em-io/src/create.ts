import { readFile, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { isDtype, type Dtype } from './dtype.ts';
import { EmIoError } from './errors.ts';
import type { Vec3 } from './geometry.ts';
import { toLocalPath } from './location.ts';
import { createNpyVolume } from './npy/create.ts';
import type { VolumeInfo, WritableVolume } from './volume.ts';
import { defaultCompressor, nativeZstd, type Compressor } from './zarr/codecs.ts';
import { createZarrVolume } from './zarr/volume.ts';

export interface CreateOptions {
  /** Voxels along (z, y, x). */
  readonly shape: Vec3;
  readonly dtype: Dtype;
  /** Makes the array (c, z, y, x). */
  readonly channels?: number;
  /** Zarr only: voxels of a chunk, 64 along each axis unless given; all channels are in one chunk. */
  readonly chunkShape?: Vec3;
  /** nm, (z, y, x). Stored by Zarr; npy has no place for it. */
  readonly voxelSize?: Vec3;
  /** nm, (z, y, x), of voxel (0, 0, 0). Stored by Zarr. */
  readonly offset?: Vec3;
  /** Stored by Zarr. */
  readonly attributes?: Record<string, unknown>;
  /** Zarr only: zstd unless given (gzip on a Node without zstd). */
  readonly compressor?: Compressor;
  /** Replace an array or npy file that is there. Anything else is never replaced. */
  readonly overwrite?: boolean;
  readonly maxReadBytes?: number;
}

/**
 * Creates a volume of zeros to be written box by box; the extension says the format, `.zarr` or `.npy`. An `.npy` file takes
 * its name on `close()`, and is `NAME.npy.partial` before.
 *
 * ```ts
 * await using labels = await createVolume('labels.zarr', { shape: raw.shape, dtype: 'uint32', voxelSize: [10, 10, 10] });
 * await labels.write(box, { dtype: 'uint32', shape: boxShape(box), data });
 * await labels.close();
 * ```
 * @throws EmIoError: `em-io/exists`, `em-io/unknown-format`, `em-io/option`, `em-io/io`.
 */
export async function createVolume(location: string, options: CreateOptions): Promise<WritableVolume> {
  const path = resolve(toLocalPath(location));
  checkOptions(path, options);
  const { shape, dtype, channels, voxelSize, offset } = options;
  const info = {
    location: path,
    dtype,
    shape,
    ...(channels !== undefined && { channels }),
    ...(voxelSize && { voxelSize }),
    ...(offset && { offset }),
  };
  const extension = extname(path).toLowerCase();
  const replace = await mayReplace(path, extension, options.overwrite ?? false);
  if (extension === '.npy') {
    const npy: VolumeInfo = { ...info, format: 'npy', attributes: {} };
    return createNpyVolume(npy, path, options.maxReadBytes);
  }
  const [z, y, x] = shape;
  const chunkShape: Vec3 = options.chunkShape ?? [chunkLength(z), chunkLength(y), chunkLength(x)];
  return createZarrVolume(
    { ...info, format: 'zarr', chunkShape, attributes: options.attributes ?? {} },
    path,
    options.compressor ?? defaultCompressor,
    replace,
    options.maxReadBytes,
  );
}

function chunkLength(voxels: number): number {
  return Math.max(1, Math.min(64, voxels));
}

function checkOptions(path: string, options: CreateOptions): void {
  const extension = extname(path).toLowerCase();
  if (extension !== '.zarr' && extension !== '.npy') {
    throw new EmIoError(
      'em-io/unknown-format',
      `Cannot tell how to write ${path}; end its name in .zarr or .npy.`,
    );
  }
  const refuse = (field: string, value: unknown, rule: string) => {
    throw new EmIoError(
      'em-io/option',
      `Cannot create ${path}: ${field} is ${JSON.stringify(value)}, but must be ${rule}.`,
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

/** Whether something must be removed first. Only what this function can have made is ever replaced. */
async function mayReplace(path: string, extension: string, overwrite: boolean): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return false;
  if (!overwrite) {
    throw new EmIoError(
      'em-io/exists',
      `${path} exists already; choose another name or allow overwriting it.`,
    );
  }
  const ours = extension === '.npy' ? found.isFile() : await isZarrArray(path);
  if (ours) return extension === '.zarr';
  throw new EmIoError(
    'em-io/exists',
    `${path} exists and is not a volume of that format, so it is not replaced; remove it first.`,
  );
}

/** A group has a zarr.json too, and arrays inside that are somebody's. */
async function isZarrArray(path: string): Promise<boolean> {
  const text = await readFile(join(path, 'zarr.json'), 'utf8').catch(() => '');
  return /"node_type"\s*:\s*"array"/.test(text);
}

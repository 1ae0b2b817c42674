import type { Dtype } from './dtype.ts';
import { EmIoError } from './errors.ts';
import type { Vec3 } from './geometry.ts';
import { isHttpLocation } from './http/address.ts';
import type { HttpOptions } from './http/options.ts';
import { createHttpVolume } from './create/http.ts';
import { createLocalVolume } from './create/local.ts';
import type { WritableVolume } from './volume.ts';
import type { Compressor } from './zarr/codecs.ts';

export interface CreateOptions extends HttpOptions {
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
  /** Replace an array or npy file that is there. Anything else is never replaced, and nothing over HTTP. */
  readonly overwrite?: boolean;
  /**
   * Zarr only: go on with an array that is there with the same shape, dtype, chunks, codecs and attributes; what was
   * written stays. One that differs is `em-io/exists`, naming the first difference.
   */
  readonly resume?: boolean;
  readonly maxReadBytes?: number;
  /** For the creation; `write` has its own. */
  readonly signal?: AbortSignal;
}

/**
 * Creates a volume of zeros to be written box by box. On this machine the extension says the format, `.zarr` or `.npy`; an
 * `.npy` file takes its name on `close()`, and is `NAME.npy.partial` before. Any `http:` or `https:` URL is a Zarr array on
 * a server that stores what is PUT under its keys: `URL/zarr.json`, `URL/c/0/0/0`.
 *
 * ```ts
 * await using labels = await createVolume('labels.zarr', { shape: raw.shape, dtype: 'uint32', voxelSize: [10, 10, 10] });
 * await labels.write(box, { dtype: 'uint32', shape: boxShape(box), data });
 * await labels.close();
 * ```
 * @throws EmIoError: `em-io/exists`, `em-io/unknown-format`, `em-io/option`, `em-io/io`, `em-io/no-space`, `em-io/unreachable`, `em-io/http`.
 */
export async function createVolume(location: string, options: CreateOptions): Promise<WritableVolume> {
  options.signal?.throwIfAborted();
  if (options.resume && options.overwrite) {
    throw new EmIoError(
      'em-io/option',
      'resume and overwrite are both set, but one keeps what is there and the other replaces it; set one of them.',
    );
  }
  return isHttpLocation(location)
    ? createHttpVolume(location, options)
    : createLocalVolume(location, options);
}

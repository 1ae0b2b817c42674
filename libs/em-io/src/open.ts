import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { EmIoError, ioError } from './errors.ts';
import { isHdf5 } from './hdf5/superblock.ts';
import { openHdf5Volume } from './hdf5/volume.ts';
import { isHttpLocation } from './http/address.ts';
import type { HttpOptions } from './http/options.ts';
import { openHttpVolume } from './http/open.ts';
import { resolveLocation } from './location.ts';
import { openNpyVolume } from './npy/open.ts';
import { isNpy } from './npy/header.ts';
import type { Volume } from './volume.ts';
import { DirectoryStore } from './zarr/store.ts';
import { openZarrVolume } from './zarr/volume.ts';

export interface OpenOptions extends HttpOptions {
  /** The dataset inside an HDF5 file or Zarr group; the same as `location:/dataset`. */
  readonly dataset?: string;
  /** No single read may take more bytes; 16 GiB unless given. */
  readonly maxReadBytes?: number;
  /** For the opening; `read` has its own. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a volume; what it is follows from its content. No voxels are read.
 *
 * - HDF5: `x.h5` or `x.h5:/volumes/raw`. Without a name: the only 3D or 4D dataset, else `volumes/raw`, `main` or `raw`.
 * - Zarr v3 and v2 directories: `x.zarr`, `x.zarr:/inner/array`; of OME multiscales the full resolution.
 * - npy files of three or four axes.
 * - `http:` and `https:` URLs: npy where the path ends in `.npy`, else Zarr: `https://host/x.zarr`, `https://host/x.zarr:/inner`.
 *   Nothing is listed there: of a group that does not say what it holds, name the array. A query (a signed URL) and a user
 *   and password go with every request and are never shown; `location` lacks them too.
 *
 * ```ts
 * await using volume = await openVolume('fib25-train.h5:/volumes/raw');
 * volume.shape;                                             // [250, 190, 250], (z, y, x)
 * const { data } = await volume.read({ start: [0, 0, 0], stop: [32, 64, 64] });
 * ```
 * @throws EmIoError: `em-io/not-found`, `em-io/unknown-format`, `em-io/damaged`, `em-io/truncated`, `em-io/length-mismatch`,
 *   `em-io/dataset-missing`, `em-io/dataset-ambiguous`, `em-io/filter-unsupported`, `em-io/dtype-unsupported`, `em-io/axes`, `em-io/io`, `em-io/unreachable`, `em-io/http`.
 */
export async function openVolume(location: string, options: OpenOptions = {}): Promise<Volume> {
  options.signal?.throwIfAborted();
  if (isHttpLocation(location)) return openHttpVolume(location, options);
  const { path, kind, inner } = await resolveLocation(location);
  const dataset = options.dataset ?? inner;
  if (kind === 'directory') {
    const { maxReadBytes, signal } = options;
    return openZarrVolume(new DirectoryStore(path), { inner: dataset, maxReadBytes, signal });
  }
  const head = await firstBytes(path);
  if (isHdf5(head) || /^\.(h5|hdf5?|he5)$/i.test(extname(path))) {
    return openHdf5Volume(path, dataset, options.maxReadBytes);
  }
  if (isNpy(head) || /^\.npy$/i.test(extname(path))) {
    if (dataset !== undefined) {
      throw new EmIoError(
        'em-io/dataset-missing',
        `${path} is an npy file, which has no dataset ${dataset}.`,
      );
    }
    return openNpyVolume(path, options.maxReadBytes);
  }
  throw new EmIoError(
    'em-io/unknown-format',
    `${path} is neither HDF5 nor npy, nor a Zarr directory; convert it to one of them.`,
  );
}

/** As many as reach the signature behind the usual user blocks. */
async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r'); // not `await using`: Node 22 does not run it
    try {
      const head = new Uint8Array(2056);
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      return head.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw ioError(error, 'read', path);
  }
}

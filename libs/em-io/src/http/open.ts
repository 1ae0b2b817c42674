/** Volumes on a server. */
import { EmIoError } from '../errors.ts';
import { openNpySource } from '../npy/open.ts';
import type { OpenOptions } from '../open.ts';
import type { Volume } from '../volume.ts';
import { HttpStore } from '../zarr/http-store.ts';
import { openZarrVolume } from '../zarr/volume.ts';
import { parseHttpLocation } from './address.ts';
import { HttpClient } from './client.ts';
import { openHttpBytes } from './bytes.ts';

/** @internal npy by its name, else Zarr. */
export async function openHttpVolume(location: string, options: OpenOptions): Promise<Volume> {
  const { address, inner } = parseHttpLocation(location);
  const { shown } = address;
  const dataset = options.dataset ?? inner;
  if (/\.(h5|hdf5?|he5)$/i.test(shown)) {
    throw new EmIoError(
      'em-io/unknown-format',
      `${shown} is HDF5 by its name, which is not read over HTTP; download it first, or serve it as Zarr.`,
    );
  }
  const client = new HttpClient(address, options);
  const { maxReadBytes, signal } = options;
  if (!/\.npy$/i.test(shown)) {
    return openZarrVolume(new HttpStore(client), { inner: dataset, maxReadBytes, signal });
  }
  if (dataset !== undefined) {
    throw new EmIoError('em-io/dataset-missing', `${shown} is an npy file, which has no dataset ${dataset}.`);
  }
  return openNpySource(await openHttpBytes(client, signal), maxReadBytes);
}

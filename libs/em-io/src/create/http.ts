/** New volumes on a server. */
import type { CreateOptions } from '../create.ts';
import { EmIoError } from '../errors.ts';
import { parseHttpLocation } from '../http/address.ts';
import { HttpClient } from '../http/client.ts';
import type { WritableVolume } from '../volume.ts';
import { createZarrVolume, resumeZarrVolume } from '../zarr/create.ts';
import { HttpStore } from '../zarr/http-store.ts';
import { checkOptions, zarrOptions } from './options.ts';

/** @internal A Zarr v3 array under a URL. */
export async function createHttpVolume(location: string, options: CreateOptions): Promise<WritableVolume> {
  const { address, inner } = parseHttpLocation(location);
  const { shown } = address;
  if (inner !== undefined || /\.(npy|h5|hdf5?|he5)$/i.test(shown)) {
    throw new EmIoError(
      'em-io/unknown-format',
      inner !== undefined
        ? `Cannot create the array ${inner} inside ${shown}; give it a URL of its own.`
        : `Cannot write ${shown}: over HTTP only Zarr is written; end its name in .zarr, or in nothing.`,
    );
  }
  checkOptions(shown, options);
  const store = new HttpStore(new HttpClient(address, options));
  const zarr = { ...zarrOptions(shown, options), store, signal: options.signal };
  const found = await store.get('/zarr.json', options.signal ? { signal: options.signal } : {});
  if (!found) return createZarrVolume(zarr);
  if (options.resume) return resumeZarrVolume(zarr, found);
  throw new EmIoError(
    'em-io/exists',
    options.overwrite
      ? `${shown} exists already, and nothing is overwritten over HTTP; delete it on its server first.`
      : `${shown} exists already; choose another URL, or go on with it by resume.`,
  );
}

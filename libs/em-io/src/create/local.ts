/** New volumes on this machine. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import type { CreateOptions } from '../create.ts';
import { EmIoError, ioError } from '../errors.ts';
import { toLocalPath } from '../location.ts';
import { createNpyVolume } from '../npy/create.ts';
import type { WritableVolume } from '../volume.ts';
import { createZarrVolume, replaceZarrVolume, resumeZarrVolume } from '../zarr/create.ts';
import { DirectoryStore } from '../zarr/store.ts';
import { checkOptions, infoOf, zarrOptions } from './options.ts';

/** @internal A `.zarr` directory or an `.npy` file. */
export async function createLocalVolume(location: string, options: CreateOptions): Promise<WritableVolume> {
  const path = resolve(toLocalPath(location));
  const extension = extname(path).toLowerCase();
  if (extension !== '.zarr' && extension !== '.npy') {
    throw new EmIoError(
      'em-io/unknown-format',
      `Cannot tell how to write ${path}; end its name in .zarr or .npy.`,
    );
  }
  checkOptions(path, options);
  if (extension === '.npy') {
    if (options.resume) {
      throw new EmIoError(
        'em-io/option',
        `Cannot create ${path}: resume is set, but the writing of an npy file cannot be resumed; write a .zarr directory.`,
      );
    }
    await mayReplace(path, extension, options.overwrite ?? false);
    return createNpyVolume({ ...infoOf(path, options), format: 'npy' }, path, options.maxReadBytes);
  }
  const zarr = { ...zarrOptions(path, options), store: new DirectoryStore(path), signal: options.signal };
  if (options.resume) {
    const found = await begun(path);
    return found ? resumeZarrVolume(zarr, found) : createZarrVolume(zarr);
  }
  const replace = await mayReplace(path, extension, options.overwrite ?? false);
  return replace ? replaceZarrVolume(zarr, path) : createZarrVolume(zarr);
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

/** The zarr.json of what is to be gone on with; undefined where a writer was killed before it had its name, or nothing is. */
async function begun(path: string): Promise<Uint8Array | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  try {
    const names = found.isDirectory() ? await readdir(path) : ['a file'];
    if (names.includes('zarr.json')) return await readFile(join(path, 'zarr.json'));
    const foreign = names.find((name) => !/^zarr\.json\..+\.partial$/.test(name));
    if (foreign === undefined) return undefined;
    throw new EmIoError(
      'em-io/exists',
      `${path} exists and is not a Zarr v3 array (${foreign} is there, zarr.json is not), so its writing cannot be resumed; ` +
        'choose another name or remove it.',
    );
  } catch (error) {
    throw ioError(error, 'resume', path);
  }
}

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmIoError, ioError } from './errors.ts';
import { withoutCredentials } from './http/address.ts';

/** A place on this machine: a file or directory, and perhaps a dataset inside it. */
export interface Location {
  readonly path: string;
  readonly kind: 'file' | 'directory';
  readonly inner?: string;
}

/**
 * Splits `path` or `path:/dataset` by looking at what is there: a path that exists as it stands has no dataset part.
 * @throws `em-io/not-found`, `em-io/unknown-format` for remote locations.
 */
export async function resolveLocation(location: string): Promise<Location> {
  const local = toLocalPath(location);
  const whole = await kindOf(local);
  if (whole) return { path: resolve(local), kind: whole };
  const colon = local.lastIndexOf(':');
  if (colon > 0) {
    const path = local.slice(0, colon);
    const kind = await kindOf(path);
    if (kind) return { path: resolve(path), kind, inner: local.slice(colon + 1) };
  }
  throw new EmIoError('em-io/not-found', `${location} does not exist; check the path.`);
}

/** @throws `em-io/unknown-format` for what is not on this machine. */
export function toLocalPath(location: string): string {
  if (location.startsWith('file://')) return fileURLToPath(location);
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(location)?.[1];
  if (scheme === undefined) return location;
  throw new EmIoError(
    'em-io/unknown-format',
    `${withoutCredentials(location)} is a remote location (${scheme}), and only local paths and http(s) URLs can be opened; download it first.`,
  );
}

async function kindOf(path: string): Promise<Location['kind'] | undefined> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw ioError(error, 'open', path);
  }
}

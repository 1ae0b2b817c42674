import { stat } from 'node:fs/promises';
import type { Volume } from '@tokenunify/em-io';

/**
 * Names the array that a volume is, however its location was written. On this machine: the file or directory itself (device
 * and inode, so through symlinks, hard links, `file://`, `..` and trailing slashes) and the dataset that em-io chose; on
 * the web: host and path, without scheme, user and query.
 */
export async function identityOf({ location, format }: Volume): Promise<string> {
  if (/^https?:\/\//i.test(location)) return `url ${webPath(location)}`;
  const { path, inner } = await split(location);
  // an array inside a Zarr group is a directory like any other
  if (format === 'zarr' && inner !== undefined) return `file ${await inode(`${path}/${inner}`)}`;
  return `file ${await inode(path)}${inner === undefined ? '' : `:/${inner}`}`;
}

function webPath(location: string): string {
  const { host, pathname } = new URL(location);
  const path = pathname.replace(/:\//g, '/').replace(/\/+/g, '/').replace(/\/$/, '');
  try {
    return host + decodeURIComponent(path);
  } catch {
    return host + path; // a stray percent sign stands for itself
  }
}

async function split(location: string): Promise<{ path: string; inner?: string }> {
  if (await exists(location)) return { path: location };
  const colon = location.lastIndexOf(':/');
  if (colon < 0) return { path: location };
  return { path: location.slice(0, colon), inner: plain(location.slice(colon + 1)) };
}

/** HDF5 passes over empty parts of a name. */
const plain = (name: string): string =>
  name
    .split('/')
    .filter((part) => part !== '')
    .join('/');

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function inode(path: string): Promise<string> {
  const { dev, ino } = await stat(path, { bigint: true });
  return `${dev}:${ino}`;
}

/** The nodes of a Zarr hierarchy: opening one, and finding arrays. */
import * as zarr from 'zarrita';
import { EmIoError, isEmIoError } from '../errors.ts';
import type { ZarrArray } from './array.ts';
import type { ZarrStore } from './store.ts';

/** A group's hierarchy is searched this deep for arrays. */
const maxDepth = 4;

/** @internal undefined where there is neither an array nor a group. */
export async function openNode(
  store: ZarrStore,
  path: string,
  signal?: AbortSignal,
): Promise<ZarrArray | zarr.Group<ZarrStore> | undefined> {
  try {
    return await openEither(new zarr.Location(store, `/${path}`), signal ? { signal } : {});
  } catch (error) {
    signal?.throwIfAborted();
    if (zarr.isZarritaError(error, 'NotFoundError')) return undefined;
    if (error instanceof EmIoError) throw error;
    if (error instanceof Error && 'retryable' in error) throw error; // what a function given as fetch refused
    const reason = error instanceof Error ? error.message : String(error);
    const where = store.pathOf(`/${path}`).replace(/\/$/, '');
    if (/(unknown|invalid).*d(ata ?)?type/i.test(reason)) {
      throw new EmIoError(
        'em-io/dtype-unsupported',
        `${where} has a data type that cannot be read (${reason}); ` +
          'convert it to bool, an integer type, float32 or float64.',
        { cause: error },
      );
    }
    throw new EmIoError(
      'em-io/damaged',
      `The Zarr metadata of ${where} cannot be read (${reason}); write it again.`,
      { cause: error },
    );
  }
}

/** v3 before v2, where both are there: zarrita 0.7.5 begins with v2, other readers with v3. */
async function openEither(
  location: zarr.Location<ZarrStore>,
  options: { signal?: AbortSignal },
): Promise<ZarrArray | zarr.Group<ZarrStore>> {
  try {
    return await zarr.open.v3(location, options);
  } catch (error) {
    if (!isForbidden(error) && !zarr.isZarritaError(error, 'NotFoundError')) throw error;
    return await zarr.open.v2(location, options).catch(async (older: unknown) => {
      if (!isForbidden(older)) throw isForbidden(error) ? error : older;
      // Perhaps only .zattrs is not there.
      return await zarr.open.v2(location, { ...options, attrs: false }).catch(() => Promise.reject(older));
    });
  }
}

/** A bucket that may not be listed answers 403 for what it does not have, as for zarr.json beside v2 metadata. */
function isForbidden(error: unknown): boolean {
  return isEmIoError(error, 'em-io/http') && error.status === 403;
}

/** @internal Paths below the root of all arrays under a group, sorted; undefined where the store cannot tell. */
export async function listArrays(
  store: ZarrStore,
  path: string,
  signal?: AbortSignal,
): Promise<string[] | undefined> {
  if (store.list) return walk(store, store.list.bind(store), path, 0, signal);
  const prefix = path === '' ? '' : `${path}/`;
  const v3 = await readJson(store, `/${prefix}zarr.json`, signal);
  const v2 = v3 ? undefined : await readJson(store, `/${prefix}.zmetadata`, signal);
  const consolidated = v3 ? v3['consolidated_metadata'] : v2;
  const nodes = isRecord(consolidated) ? consolidated['metadata'] : undefined;
  if (!isRecord(nodes)) return undefined;
  const names = v3
    ? Object.keys(nodes).filter((name) => isRecord(nodes[name]) && nodes[name]['node_type'] === 'array')
    : Object.keys(nodes).flatMap((key) =>
        key.endsWith('/.zarray') ? [key.slice(0, -'/.zarray'.length)] : [],
      );
  return names.map((name) => prefix + name).sort();
}

async function walk(
  store: ZarrStore,
  list: (path: string) => Promise<string[]>,
  path: string,
  depth: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const out: string[] = [];
  for (const name of await list(path)) {
    const child = path === '' ? name : `${path}/${name}`;
    const node = await openNode(store, child, signal);
    if (node instanceof zarr.Array) out.push(child);
    else if (depth < maxDepth) out.push(...(await walk(store, list, child, depth + 1, signal)));
  }
  return out;
}

/** undefined where nothing is, or no JSON object: whether that matters is for `openNode` to say. */
async function readJson(
  store: ZarrStore,
  key: zarr.AbsolutePath,
  signal?: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const bytes = await store.get(key, signal ? { signal } : {});
  if (!bytes) return undefined;
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(document) ? document : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

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
  const location = new zarr.Location(store, `/${path}`);
  const options = signal ? { signal } : {};
  try {
    return await zarr.open(location, options).catch((error: unknown) => {
      // A bucket that may not be listed answers 403 for what it does not have, as zarr.json beside v2 metadata.
      if (!isEmIoError(error, 'em-io/http') || error.status !== 403) throw error;
      return zarr.open.v2(location, { ...options, attrs: false }).then(
        () => zarr.open.v2(location, options),
        () => Promise.reject(error),
      );
    });
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

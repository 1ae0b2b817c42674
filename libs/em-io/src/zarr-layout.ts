/**
 * Which chunks a Zarr hierarchy has, from its metadata alone: what a server that stores volumes needs to accept a key, to
 * count an upload, or to list what is missing. Neither Node nor zarrita is imported: this runs in a Worker too.
 *
 * ```ts
 * const layout = readZarrLayout(new Map([['zarr.json', JSON.parse(text)]]));
 * layout.hasKey('c/0/0/0');                                  // true
 * layout.keyCount;                                           // chunks of a complete upload
 * ```
 * @module
 */
import { EmIoError } from './errors.ts';
import { parseArrayMetadata } from './zarr-layout/metadata.ts';
import { arrayKeys, hasArrayKey, maxKeys, type ArrayGrid } from './zarr-layout/grid.ts';

export { EmIoError, isEmIoError, type EmIoErrorCode } from './errors.ts';

/** One array of a hierarchy; keys are those of the hierarchy, `raw/c/0/0/0` for an array at `raw`. */
export interface ZarrArrayLayout {
  /** Below the root, '' for the root itself. */
  readonly path: string;
  readonly zarrFormat: 2 | 3;
  /** Elements along every axis, slowest first. */
  readonly shape: readonly number[];
  /** As this library names it (`uint16`); what the metadata says where this library has no such dtype. */
  readonly dtype: string;
  /** Elements of one stored object: the outer shape of a sharded array. */
  readonly chunkShape: readonly number[];
  /** Stored objects of the array when every one of them is written. */
  readonly keyCount: number;
  hasKey(key: string): boolean;
  /** Every chunk key, in raster order. */
  keys(): Generator<string, void, void>;
}

/** All arrays of a hierarchy. Metadata documents are no chunk keys. */
export interface ZarrLayout {
  /** Sorted by path. */
  readonly arrays: readonly ZarrArrayLayout[];
  readonly keyCount: number;
  hasKey(key: string): boolean;
  /** The array that a chunk key belongs to. */
  arrayOf(key: string): ZarrArrayLayout | undefined;
  keys(): Generator<string, void, void>;
}

/** The last part of a metadata document's key. */
const documentNames = ['zarr.json', '.zarray', '.zgroup', '.zattrs', '.zmetadata'] as const;

/** Whether a key is that of a Zarr metadata document, v3 or v2: `zarr.json`, `raw/.zarray`. */
export function isZarrMetadataKey(key: string): boolean {
  const names: readonly string[] = documentNames;
  return names.includes(key.slice(key.lastIndexOf('/') + 1));
}

/**
 * Reads the metadata of a hierarchy. Where an array has documents of both versions, v3 counts, as for readers.
 * @param documents parsed JSON by key: `zarr.json`, `raw/zarr.json`, `.zarray`, `raw/.zarray`; groups and attributes are passed over.
 * @throws EmIoError: `em-io/damaged` for what is no Zarr metadata or cannot be laid out, `em-io/too-large` for more than 2^40 chunks.
 */
export function readZarrLayout(documents: ReadonlyMap<string, unknown>): ZarrLayout {
  const byPath = new Map<string, ZarrArrayLayout>();
  for (const [key, document] of documents) {
    if (!isZarrMetadataKey(key)) continue;
    if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) {
      throw new EmIoError(
        'em-io/damaged',
        `The metadata key ${JSON.stringify(key)} is no path below a root; use names separated by single slashes.`,
      );
    }
    const slash = key.lastIndexOf('/');
    const path = key.slice(0, Math.max(0, slash));
    const name = key.slice(slash + 1);
    if (name !== 'zarr.json' && (name !== '.zarray' || byPath.get(path)?.zarrFormat === 3)) continue;
    const grid = parseArrayMetadata(key, name, document);
    if (grid) byPath.set(path, layoutOf(path, grid));
  }
  const arrays = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const { path } of arrays) refuseNested(path, byPath);
  const keyCount = arrays.reduce((sum, array) => sum + array.keyCount, 0);
  if (keyCount > maxKeys) {
    throw new EmIoError(
      'em-io/too-large',
      `The arrays have ${keyCount} chunks together, more than the limit of ${maxKeys}; store larger chunks.`,
    );
  }
  const arrayOf = (key: string) => {
    for (let slash = key.length; slash >= 0; slash = slash === 0 ? -1 : key.lastIndexOf('/', slash - 1)) {
      const array = byPath.get(key.slice(0, slash));
      if (array) return array.hasKey(key) ? array : undefined; // arrays are not nested: no other can have it
    }
    const root = byPath.get('');
    return root?.hasKey(key) ? root : undefined;
  };
  return {
    arrays,
    keyCount,
    arrayOf,
    hasKey: (key) => arrayOf(key) !== undefined,
    *keys() {
      for (const array of arrays) yield* array.keys();
    },
  };
}

function layoutOf(path: string, grid: ArrayGrid): ZarrArrayLayout {
  const prefix = path === '' ? '' : `${path}/`;
  return {
    path,
    zarrFormat: grid.zarrFormat,
    shape: grid.shape,
    dtype: grid.dtype,
    chunkShape: grid.chunkShape,
    keyCount: grid.counts.reduce((product, count) => product * count, 1),
    hasKey: (key) => key.startsWith(prefix) && hasArrayKey(grid, key.slice(prefix.length)),
    *keys() {
      for (const key of arrayKeys(grid)) yield prefix + key;
    },
  };
}

/** Zarr has no array inside an array: a chunk of one could be the metadata of the other. */
function refuseNested(path: string, byPath: ReadonlyMap<string, ZarrArrayLayout>): void {
  if (path === '') return;
  const parts = path.split('/');
  for (let depth = 0; depth < parts.length; depth++) {
    const above = parts.slice(0, depth).join('/');
    if (!byPath.has(above)) continue;
    throw new EmIoError(
      'em-io/damaged',
      `The array /${path} lies inside the array /${above}, which Zarr does not allow; put both into a group.`,
    );
  }
}

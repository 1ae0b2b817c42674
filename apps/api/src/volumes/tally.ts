import { join } from 'node:path';
import type { ZarrLayout } from '@tokenunify/em-io/zarr-layout';
import type { VolumeJson } from './types.ts';
import { unless, type Files } from './files.ts';
import { layoutOf, parseMetadata } from './metadata.ts';

/** Files looked at together while a volume is counted. */
const AT_ONCE = 64;

/**
 * What an open volume holds. Counted once from its files, which are the truth, and kept up to date with every write:
 * polling a volume of any size is cheap, and a killed server loses nothing.
 */
export class Tally {
  bytes = 0;
  /** What describes the arrays, by key. */
  documents: ReadonlyMap<string, unknown> = new Map();
  layout: ZarrLayout = layoutOf(new Map());
  readonly #chunks = new Map<string, number>();

  /** @throws ApiProblem `metadata-invalid` */
  describe(documents: ReadonlyMap<string, unknown>): void {
    this.layout = layoutOf(documents);
    this.documents = documents;
  }

  /** @param sign -1 when it was deleted */
  count(key: string, bytes: number, sign: 1 | -1 = 1): void {
    this.bytes += sign * bytes;
    const path = this.layout.arrayOf(key)?.path;
    if (path !== undefined) this.#chunks.set(path, (this.#chunks.get(path) ?? 0) + sign);
  }

  /** Keys that are stored, over all arrays. */
  get chunks(): number {
    return [...this.#chunks.values()].reduce((sum, count) => sum + count, 0);
  }

  get arrays(): VolumeJson['arrays'] {
    return this.layout.arrays.map(({ path, shape, dtype, chunkShape, keyCount }) => ({
      path,
      shape: [...shape],
      dtype,
      chunkShape: [...chunkShape],
      chunks: this.#chunks.get(path) ?? 0,
      chunksOfGrid: keyCount,
    }));
  }
}

/**
 * Counts a hierarchy from its files.
 *
 * @param root directory of the hierarchy; none is an empty one
 */
export async function tallyOf(files: Files, root: string): Promise<Tally> {
  const tally = new Tally();
  const documents = new Map<string, unknown>();
  for await (const keys of keysIn(files, root)) {
    for (const key of keys.filter((key) => /(^|\/)(zarr\.json|\.zarray)$/.test(key))) {
      const document = parseMetadata(key, await files.readFile(join(root, key)));
      if (document) documents.set(key, document);
    }
  }
  tally.describe(documents);
  for await (const keys of keysIn(files, root)) {
    const stats = await Promise.all(keys.map((key) => unless(files.stat(join(root, key)), 'ENOENT')));
    keys.forEach((key, i) => {
      const found = stats[i];
      if (found) tally.count(key, found.size);
    });
  }
  return tally;
}

/** Keys of the files below a directory, some at a time: a list of all could be long. */
async function* keysIn(files: Files, root: string): AsyncGenerator<string[], void, void> {
  const below = [''];
  for (let path = below.pop(); path !== undefined; path = below.pop()) {
    const directory = await unless(files.opendir(join(root, path), { bufferSize: 1024 }), 'ENOENT');
    if (!directory) continue;
    let keys: string[] = [];
    for await (const entry of directory) {
      const key = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) below.push(key);
      else if (entry.isFile()) keys.push(key);
      if (keys.length < AT_ONCE) continue;
      yield keys;
      keys = [];
    }
    if (keys.length > 0) yield keys;
  }
}

/** The first few chunks that are not there, in raster order; looks at no more keys than are stored, and those few. */
export async function missingOf(
  files: Files,
  root: string,
  layout: ZarrLayout,
  most: number,
): Promise<string[]> {
  const missing: string[] = [];
  let keys: string[] = [];
  const look = async () => {
    const found = await Promise.all(
      keys.map((key) => unless(files.stat(join(root, key)), 'ENOENT', 'ENOTDIR')),
    );
    missing.push(...keys.filter((_, i) => !found[i]?.isFile()));
    keys = [];
  };
  for (const key of layout.keys()) {
    keys.push(key);
    if (keys.length === AT_ONCE) await look();
    if (missing.length >= most) break;
  }
  await look();
  return missing.slice(0, most);
}

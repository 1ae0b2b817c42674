import type { ZarrArrayLayout, ZarrLayout } from '@tokenunify/em-io/zarr-layout';
import { layoutOf, parseMetadata } from '../../volumes/metadata.ts';
import type { VolumeJson } from '../../volumes/types.ts';
import { documentsOf, valuesOf } from './names.ts';

/** Every 1000 names are one question to R2, and a request may ask about a thousand. */
export const MOST_KEYS = 600_000;
/** Bits to remember which chunks were seen: 8 MiB. Beyond, missing chunks are counted but not named. */
const MOST_REMEMBERED = 2 ** 26;
const AT_ONCE = 6;

export interface Description {
  readonly bytes: number;
  readonly arrays: VolumeJson['arrays'];
  readonly layout: ZarrLayout;
  /** False when there are more keys than one request can list: what was counted is less than there is. */
  readonly complete: boolean;
  /** The first chunks that are not there, at most `most`. */
  missing(most: number): string[];
}

/**
 * What a volume holds, by its metadata and by listing its keys.
 *
 * @throws ApiProblem `metadata-invalid`: writers that raced wrote documents that do not go together
 */
export async function describe(bucket: R2Bucket, id: string): Promise<Description> {
  const documents = await readDocuments(bucket, id);
  const layout = layoutOf(documents.parsed);
  const seen = new Map(layout.arrays.map((array) => [array.path, new Seen(array)]));
  let bytes = documents.bytes;
  let keys = 0;
  let complete = true;
  for await (const { key, size } of objectsUnder(bucket, valuesOf(id))) {
    if (++keys > MOST_KEYS) {
      complete = false;
      break;
    }
    bytes += size;
    const array = layout.arrayOf(key);
    if (array) seen.get(array.path)?.add(key);
  }
  const arrays = layout.arrays.map((array) => ({
    path: array.path,
    shape: [...array.shape],
    dtype: array.dtype,
    chunkShape: [...array.chunkShape],
    chunks: seen.get(array.path)?.count ?? 0,
    chunksOfGrid: array.keyCount,
  }));
  const missing = (most: number): string[] => {
    const names: string[] = [];
    for (const array of layout.arrays) {
      const there = seen.get(array.path);
      if (there === undefined || !there.remembers || there.count === array.keyCount) continue;
      for (const key of array.keys()) {
        if (names.length === most) return names;
        if (!there.has(key)) names.push(key);
      }
    }
    return names;
  };
  return { bytes, arrays, layout, complete, missing };
}

/** Objects below a prefix, with their names relative to it. */
export async function* objectsUnder(
  bucket: R2Bucket,
  prefix: string,
): AsyncGenerator<{ readonly key: string; readonly size: number; readonly uploaded: Date }, void, void> {
  let cursor: string | undefined;
  do {
    const page: R2Objects = await bucket.list({ prefix, ...(cursor !== undefined && { cursor }) });
    for (const { key, size, uploaded } of page.objects)
      yield { key: key.slice(prefix.length), size, uploaded };
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

/** What the documents of a volume say about arrays, by key. */
export async function readDocuments(
  bucket: R2Bucket,
  id: string,
): Promise<{ readonly parsed: Map<string, unknown>; readonly bytes: number }> {
  const parsed = new Map<string, unknown>();
  const keys: string[] = [];
  let bytes = 0;
  for await (const { key, size } of objectsUnder(bucket, documentsOf(id))) {
    keys.push(key);
    bytes += size;
  }
  for (let i = 0; i < keys.length; i += AT_ONCE) {
    const some = keys.slice(i, i + AT_ONCE).map(async (key) => {
      const object = await bucket.get(documentsOf(id) + key);
      const fields = object && parseMetadata(key, await object.bytes());
      return [key, fields] as const;
    });
    for (const [key, fields] of await Promise.all(some)) if (fields) parsed.set(key, fields);
  }
  return { parsed, bytes };
}

/** Which chunks of an array were seen, a bit for each. */
class Seen {
  readonly #grid: readonly number[];
  readonly #bits: Uint8Array;
  readonly remembers: boolean;
  count = 0;

  constructor({ shape, chunkShape, keyCount }: ZarrArrayLayout) {
    this.#grid = shape.map((length, axis) => Math.ceil(length / (chunkShape[axis] ?? 1)));
    this.remembers = keyCount <= MOST_REMEMBERED;
    this.#bits = new Uint8Array(this.remembers ? Math.ceil(keyCount / 8) : 0);
  }

  add(key: string): void {
    this.count++;
    if (!this.remembers) return;
    const index = this.#indexOf(key);
    this.#bits[index >> 3]! |= 1 << (index & 7);
  }

  has(key: string): boolean {
    const index = this.#indexOf(key);
    return ((this.#bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** Keys of chunks end in one number for each axis, whatever separates them. */
  #indexOf(key: string): number {
    const axes = this.#grid.length;
    const at = axes === 0 ? [] : key.split(/[./]/).slice(-axes);
    return at.reduce((index, part, axis) => index * (this.#grid[axis] ?? 1) + Number(part), 0);
  }
}

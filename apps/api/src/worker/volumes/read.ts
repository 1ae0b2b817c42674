import { ApiProblem } from '../../problem.ts';
import { shown } from '../../volumes/key.ts';
import { resolveRange } from '../../volumes/range.ts';
import type { ByteRange, StoredValue } from '../../volumes/types.ts';
import { nameOf, stateNameOf } from './names.ts';
import { notFound } from './state.ts';

/** @throws ApiProblem `volume-not-found`, `key-not-found`, `range-not-satisfiable` */
export async function readValue(
  bucket: R2Bucket,
  { id, key }: { readonly id: string; readonly key: string },
  range: ByteRange | undefined,
): Promise<StoredValue> {
  // What is left of a volume that is being deleted is not there any more.
  const [state, object] = await Promise.all([
    bucket.head(stateNameOf(id)),
    getRange(bucket, nameOf(id, key), range),
  ]);
  if (state !== null && object !== null) {
    const { httpEtag: etag, size, body } = object;
    return { etag, size, ...resolveRange(range, size), body };
  }
  await object?.body.cancel();
  if (state === null) throw notFound(id);
  throw new ApiProblem(
    'key-not-found',
    `The volume has nothing at ${shown(key)}; a chunk that was not written holds the fill value.`,
    { field: 'key', value: shown(key) },
  );
}

async function getRange(
  bucket: R2Bucket,
  name: string,
  range: ByteRange | undefined,
): Promise<R2ObjectBody | null> {
  if (range === undefined) return bucket.get(name);
  try {
    return await bucket.get(name, { range: wanted(range) });
  } catch (error) {
    // R2 throws for a range outside; only then is the size worth a question of its own.
    const object = await bucket.head(name);
    if (object === null) return null;
    resolveRange(range, object.size);
    throw error;
  }
}

function wanted(range: ByteRange): R2Range {
  if (!('suffix' in range)) {
    return {
      offset: range.start,
      ...(range.end !== undefined && { length: range.end - range.start + 1 }),
    };
  }
  if (range.suffix === 0) throw new RangeError('R2 takes no suffix of nothing.');
  return { suffix: range.suffix };
}

import { ApiProblem } from '../../problem.ts';
import { shown } from '../../volumes/key.ts';
import { isZarrMetadataKey, layoutOf, parseMetadata } from '../../volumes/metadata.ts';
import type { PutOptions } from '../../volumes/types.ts';
import { readDocuments } from './describe.ts';
import { nameOf } from './names.ts';
import { checkLength, ofLength, receive } from './receive.ts';
import { whileOpen } from './writes.ts';

/** Metadata is parsed in memory, of which a Worker has 128 MB for many requests. */
const MAX_METADATA_BYTES = 4 * 2 ** 20;

/** Writes one value of an open volume: all of it, or nothing. */
export function putValue(
  bucket: R2Bucket,
  { id, key }: { readonly id: string; readonly key: string },
  body: ReadableStream<Uint8Array> | null,
  options: PutOptions,
): Promise<{ readonly etag: string; readonly created: boolean }> {
  const name = nameOf(id, key);
  const document = isZarrMetadataKey(key);
  const length = checkLength(body === null ? 0 : options.length, document ? MAX_METADATA_BYTES : undefined);
  const stream = body ?? new Blob().stream();
  const onlyIf = conditionOf(options);
  const change = async () => {
    if (onlyIf === undefined) throw preconditionFailed(key, options);
    const before = await bucket.head(name);
    const object = document
      ? await putDocument(bucket, { id, key }, stream.pipeThrough(ofLength(length)), onlyIf)
      : await receive(bucket, name, stream, { length, onlyIf, signal: options.signal });
    if (object === null) throw preconditionFailed(key, options);
    return { etag: object.httpEtag, created: before === null };
  };
  return whileOpen(bucket, id, { change, undo: () => bucket.delete(name) });
}

/** @throws ApiProblem `metadata-invalid`: alone, or beside the documents that are there */
async function putDocument(
  bucket: R2Bucket,
  { id, key }: { readonly id: string; readonly key: string },
  body: ReadableStream<Uint8Array>,
  onlyIf: Headers,
): Promise<R2Object | null> {
  const bytes = await new Response(body).bytes();
  const fields = parseMetadata(key, bytes);
  if (fields !== undefined) {
    const { parsed } = await readDocuments(bucket, id);
    parsed.delete(key);
    layoutOf(parsed.set(key, fields));
  }
  return bucket.put(nameOf(id, key), bytes, { onlyIf });
}

/**
 * R2 reads the two headers as RFC 9110 has them, lists and stars and all, but fails on what is no entity tag; such a
 * thing names no value, and is left out.
 *
 * @returns undefined for a condition that nothing can meet
 */
function conditionOf({ ifMatch, ifNoneMatch }: PutOptions): Headers | undefined {
  const headers = new Headers();
  if (ifMatch !== undefined) {
    const tags = tagsIn(ifMatch, /^"[^"]*"$/); // weak ones never match here
    if (tags === '') return undefined;
    headers.set('if-match', tags);
  }
  const tags = tagsIn(ifNoneMatch ?? '', /^(?:W\/)?"[^"]*"$/);
  if (tags !== '') headers.set('if-none-match', tags);
  return headers;
}

function tagsIn(list: string, wellFormed: RegExp): string {
  if (list.trim() === '*') return '*';
  const tags = list.split(',').map((tag) => tag.trim());
  return tags.filter((tag) => wellFormed.test(tag)).join(', ');
}

const preconditionFailed = (key: string, { ifMatch }: PutOptions): ApiProblem =>
  ifMatch === undefined
    ? new ApiProblem(
        'precondition-failed',
        `Someone else wrote ${shown(key)} first, and If-None-Match asked for that not to be replaced; read it.`,
        { field: 'if-none-match' },
      )
    : new ApiProblem(
        'precondition-failed',
        `If-Match does not name what is at ${shown(key)}; read it again and decide anew.`,
        { field: 'if-match', value: ifMatch.slice(0, 100) },
      );

import { ApiProblem } from '../../problem.ts';
import { checkKey, shown } from '../../volumes/key.ts';
import { isZarrMetadataKey, parseMetadata } from '../../volumes/metadata.ts';
import { resolveRange } from '../../volumes/range.ts';
import type {
  ByteRange,
  Page,
  PutOptions,
  StoredValue,
  VolumeJson,
  VolumePage,
  VolumeStore,
} from '../../volumes/types.ts';
import { deleteVolume } from './delete.ts';
import { describe } from './describe.ts';
import { idOfStateName, looksLikeOurs, nameOf, newWorkerId, STATES_PREFIX, stateNameOf } from './names.ts';
import { checkLength, receive } from './receive.ts';
import { seal } from './seal.ts';
import { notFound, stateOf, writeNewState, type VolumeState } from './state.ts';
import { whileOpen } from './writes.ts';

export interface BucketStoreOptions {
  readonly bucket: R2Bucket;
  readonly now: () => number;
  readonly random: () => number;
  /** Keeps what has begun going when the client leaves, so that it cleans up behind itself. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Metadata is parsed in memory, of which a Worker has 128 MB for many requests. */
const MAX_METADATA_BYTES = 4 * 2 ** 20;
/** Entries of one page; each asks R2 once if it is sealed, and for its keys if it is not. */
const MOST_LISTED = 100;

/** Stored volumes in an R2 bucket; see `names.ts` for where and `writes.ts` for how sealing is kept. */
export class BucketStore implements VolumeStore {
  readonly #options: BucketStoreOptions;
  readonly #bucket: R2Bucket;

  constructor(options: BucketStoreOptions) {
    this.#options = options;
    this.#bucket = options.bucket;
  }

  async create({ name }: { readonly name?: string | undefined }): Promise<VolumeJson> {
    const now = this.#options.now();
    const id = newWorkerId(now, this.#options.random);
    const createdAt = new Date(now).toISOString();
    const created = await writeNewState(this.#bucket, {
      id,
      ...(name !== undefined && { name }),
      createdAt,
      state: 'open',
    });
    if (!created) return this.create({ name });
    return this.get(id);
  }

  async get(id: string): Promise<VolumeJson> {
    checkId(id);
    return this.#json((await stateOf(this.#bucket, id)).state);
  }

  async list({ limit = MOST_LISTED, cursor }: Page): Promise<VolumePage> {
    const page = await this.#bucket.list({
      prefix: STATES_PREFIX,
      limit: Math.min(limit, MOST_LISTED),
      ...(cursor !== undefined && looksLikeAnId(cursor) && { startAfter: stateNameOf(cursor) }),
    });
    const items: VolumeJson[] = [];
    for (const { key } of page.objects) {
      const volume = await this.get(idOfStateName(key)).catch((error: unknown) => {
        // deleted since it was listed
        if (error instanceof ApiProblem && error.code === 'volume-not-found') return undefined;
        throw error;
      });
      if (volume) items.push(volume);
    }
    const last = page.objects.at(-1);
    return { items, ...(page.truncated && last && { next: idOfStateName(last.key) }) };
  }

  async seal(id: string, { chunks }: { readonly chunks?: number | undefined }): Promise<VolumeJson> {
    checkId(id);
    const { now } = this.#options;
    return this.#kept(seal(this.#bucket, id, { chunks, now }).then((state) => this.#json(state)));
  }

  async delete(id: string): Promise<void> {
    checkId(id);
    await this.#kept(deleteVolume(this.#bucket, id));
  }

  async put(
    id: string,
    key: string,
    body: ReadableStream<Uint8Array> | null,
    options: PutOptions,
  ): Promise<{ readonly etag: string; readonly created: boolean }> {
    checkId(id);
    checkKey(key);
    const document = isZarrMetadataKey(key);
    const length = checkLength(options.length, document ? MAX_METADATA_BYTES : undefined);
    const name = nameOf(id, key);
    const onlyIf = conditionOf(options);
    const change = async () => {
      const before = await this.#bucket.head(name);
      let object: R2Object | null;
      if (body === null) throw notFound(id);
      if (document) {
        const bytes = await new Response(body).bytes();
        parseMetadata(key, bytes);
        object = await this.#bucket.put(name, bytes, { onlyIf });
      } else object = await receive(this.#bucket, name, body, { length, onlyIf, signal: options.signal });
      if (object === null) throw preconditionFailed(key, options);
      return { etag: object.httpEtag, created: before === null };
    };
    const undo = () => this.#bucket.delete(name);
    return this.#kept(whileOpen(this.#bucket, id, { change, undo }));
  }

  async read(
    id: string,
    key: string,
    { range }: { readonly range?: ByteRange | undefined },
  ): Promise<StoredValue> {
    checkId(id);
    checkKey(key);
    // What is left of a volume that is being deleted is not there any more.
    const [state, object] = await Promise.all([
      this.#bucket.head(stateNameOf(id)),
      this.#get(nameOf(id, key), range),
    ]);
    if (state !== null && object !== null) {
      const { httpEtag: etag, size, body } = object;
      return { etag, size, ...resolveRange(range, size), body };
    }
    await object?.body.cancel();
    if (state === null) throw notFound(id);
    throw new ApiProblem('key-not-found', `The volume ${id} has nothing at ${shown(key)}.`, {
      field: 'key',
      value: shown(key),
    });
  }

  async remove(id: string, key: string): Promise<void> {
    checkId(id);
    checkKey(key);
    const change = () => this.#bucket.delete(nameOf(id, key));
    await this.#kept(whileOpen(this.#bucket, id, { change, undo: async () => {} }));
  }

  async #get(name: string, range: ByteRange | undefined): Promise<R2ObjectBody | null> {
    if (range === undefined) return this.#bucket.get(name);
    const wanted =
      'suffix' in range
        ? { suffix: range.suffix }
        : { offset: range.start, ...(range.end !== undefined && { length: range.end - range.start + 1 }) };
    try {
      if (wanted.suffix === 0) throw new RangeError('R2 takes no suffix of nothing.');
      return await this.#bucket.get(name, { range: wanted });
    } catch (error) {
      // R2 throws for a range outside; only then is the size worth a question of its own.
      const object = await this.#bucket.head(name);
      if (object !== null) resolveRange(range, object.size);
      throw error;
    }
  }

  async #json({ id, name, createdAt, sealed }: VolumeState): Promise<VolumeJson> {
    const { bytes, arrays } = sealed ?? (await describe(this.#bucket, id));
    return {
      id,
      ...(name !== undefined && { name }),
      state: sealed ? 'sealed' : 'open',
      url: `/v1/volumes/${id}`,
      createdAt,
      ...(sealed && { sealedAt: sealed.at }),
      bytes,
      arrays,
    };
  }

  #kept<T>(work: Promise<T>): Promise<T> {
    this.#options.waitUntil(work.catch(() => {}));
    return work;
  }
}

const looksLikeAnId = (id: string): boolean => /^vol_[0-9a-z]{20}$/.test(id);

/** @throws ApiProblem `volume-not-found`, before an id becomes part of a name in the bucket */
function checkId(id: string): void {
  if (!looksLikeOurs(id)) throw notFound(id);
}

/** R2 reads the two headers as RFC 9110 has them, lists and stars and all. */
function conditionOf({ ifMatch, ifNoneMatch }: PutOptions): Headers {
  const headers = new Headers();
  if (ifMatch !== undefined) headers.set('if-match', ifMatch);
  if (ifNoneMatch !== undefined) headers.set('if-none-match', ifNoneMatch);
  return headers;
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

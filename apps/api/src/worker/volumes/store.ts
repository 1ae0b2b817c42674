import { checkKey } from '../../volumes/key.ts';
import { isApiProblem } from '../../problem.ts';
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
import { putValue } from './put.ts';
import { readValue } from './read.ts';
import { seal } from './seal.ts';
import { notFound, readState, stateOf, writeNewState, type VolumeState } from './state.ts';
import { whileOpen } from './writes.ts';

export interface BucketStoreOptions {
  readonly bucket: R2Bucket;
  readonly now: () => number;
  readonly random: () => number;
  /** Keeps what has begun going when the client leaves, so that it cleans up behind itself. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** Entries of one page; each asks R2 once if it is sealed, and for its keys if it is not. */
const MOST_LISTED = 100;
/** A page ends when so many keys of open volumes were listed for it. */
const MOST_COUNTED = 300_000;

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
    let counted = 0;
    for (const [i, { key }] of page.objects.entries()) {
      const id = idOfStateName(key);
      const read = await readState(this.#bucket, id);
      if (read === undefined) continue; // deleted since it was listed
      const volume = await this.#json(read.state);
      items.push(volume);
      if (volume.state === 'open') counted += volume.arrays.reduce((sum, { chunks }) => sum + chunks, 0);
      const more = page.truncated || i < page.objects.length - 1;
      if (counted > MOST_COUNTED && more) return { items, next: id };
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
    return this.#kept(putValue(this.#bucket, { id, key }, body, options));
  }

  async read(
    id: string,
    key: string,
    { range }: { readonly range?: ByteRange | undefined },
  ): Promise<StoredValue> {
    checkId(id);
    checkKey(key);
    return readValue(this.#bucket, { id, key }, range);
  }

  async remove(id: string, key: string): Promise<void> {
    checkId(id);
    checkKey(key);
    const change = () => this.#bucket.delete(nameOf(id, key));
    await this.#kept(whileOpen(this.#bucket, id, { change, undo: async () => {} }));
  }

  async #json({ id, name, createdAt, sealed }: VolumeState): Promise<VolumeJson> {
    const { bytes, arrays } = sealed ?? (await describe(this.#bucket, id).catch(undescribed));
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

/** One volume whose documents contradict each other must not hide all others. Its seal says what is wrong. */
function undescribed(error: unknown): Pick<VolumeJson, 'bytes' | 'arrays'> {
  if (isApiProblem(error, 'metadata-invalid')) return { bytes: 0, arrays: [] };
  throw error;
}

/** Keys below a URL as a Zarr store. Nothing is listed: every key is asked for by name, and 404 means that it is absent. */
import type { AbsolutePath, GetOptions, RangeQuery } from 'zarrita';
import { EmIoError } from '../errors.ts';
import type { HttpClient } from '../http/client.ts';
import { isZarrMetadataKey } from '../zarr-layout.ts';
import type { ZarrStore } from './store.ts';

/** Metadata of the largest hierarchies, consolidated, stays below this. */
const maxMetadataBytes = 64 * 2 ** 20;

/** 16 bytes for each chunk of a shard. */
const maxIndexBytes = 64 * 2 ** 20;

export class HttpStore implements ZarrStore {
  readonly root: string;
  readonly #client: HttpClient;
  #maxChunkBytes = maxMetadataBytes; // until the metadata has been read

  constructor(client: HttpClient) {
    this.#client = client;
    this.root = client.address.shown;
  }

  pathOf(key: AbsolutePath): string {
    return this.root + key;
  }

  limitChunks(bytes: number): void {
    this.#maxChunkBytes = bytes;
  }

  async get(key: AbsolutePath, options: GetOptions = {}): Promise<Uint8Array | undefined> {
    const limit = isZarrMetadataKey(key) ? maxMetadataBytes : this.#maxChunkBytes;
    return this.#client.get(key, limit, options.signal);
  }

  async getRange(
    key: AbsolutePath,
    range: RangeQuery,
    options: GetOptions = {},
  ): Promise<Uint8Array | undefined> {
    const index = 'suffixLength' in range;
    const length = index ? range.suffixLength : range.length;
    const limit = index ? maxIndexBytes : this.#maxChunkBytes;
    const end = index ? length : range.offset + length;
    if (!(length <= limit) || !Number.isSafeInteger(end)) {
      throw new EmIoError(
        'em-io/damaged',
        `${this.pathOf(key)} says that a part of it has ${length} bytes, more than the ${limit} it can have; write it again.`,
      );
    }
    if (length === 0) return new Uint8Array(0);
    // zarrita 0.7.5 shares one request for a shard's index among all that read the shard: it must not end with the first
    // of them. Whoever aborts does not wait for it (decodeChunk).
    const answer = await this.#client.getRange(key, range, index ? undefined : options.signal);
    return answer?.bytes;
  }

  async set(key: AbsolutePath, value: Uint8Array, options: GetOptions = {}): Promise<void> {
    await this.#client.put(key, value, options.signal);
  }
}

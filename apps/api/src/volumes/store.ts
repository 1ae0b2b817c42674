import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkCursor } from '../parameters.ts';
import { VOLUME_ID } from '../contract/index.ts';
import { sweepIncoming, unfinishedDeletions } from './deleting.ts';
import type { DirectoryVolumeStore, VolumeStoreOptions } from './directory-store.ts';
import { etagOf, Stamps } from './etag.ts';
import { localFiles, type Files } from './files.ts';
import { HIERARCHY } from './held.ts';
import { checkKey } from './key.ts';
import { DEFAULT_VOLUME_LIMITS, type VolumeLimits } from './limits.ts';
import * as problems from './problems.ts';
import { putValue } from './put.ts';
import { resolveRange } from './range.ts';
import { openValue, streamOf } from './read.ts';
import { Room } from './room.ts';
import type { VolumeRow } from './rows.ts';
import { Shelf } from './shelf.ts';
import { storing, storingProblem } from './storing.ts';
import { missingOf, type Tally } from './tally.ts';
import type { ByteRange, Page, PutOptions, StoredValue, VolumeJson, VolumePage } from './types.ts';

/**
 * Stored volumes in a directory: `<directory>/<id>/volume.zarr/<key>`, and what is arriving in `<id>/incoming`.
 * What there is, and in which state, stands in the database; what a volume holds, its files say.
 *
 * @example
 *     const volumes = createVolumeStore({ db, directory, usedBy: () => undefined, now: Date.now, random: Math.random });
 *     await volumes.recover();
 */
export function createVolumeStore(options: VolumeStoreOptions): DirectoryVolumeStore {
  return new VolumesInDirectory(options);
}

class VolumesInDirectory implements DirectoryVolumeStore {
  readonly #shelf: Shelf;
  readonly #options: VolumeStoreOptions;
  readonly #files: Files;
  readonly #limits: VolumeLimits;
  readonly #stamps: Stamps;
  readonly #room: Room;

  constructor(options: VolumeStoreOptions) {
    this.#options = options;
    this.#files = options.files ?? localFiles;
    this.#limits = { ...DEFAULT_VOLUME_LIMITS, ...options.limits };
    this.#stamps = new Stamps(options.now);
    this.#room = new Room(this.#limits.maxVolumeBytes);
    this.#shelf = new Shelf(options, this.#files, this.#room);
  }

  create({ name }: { readonly name?: string | undefined }): Promise<VolumeJson> {
    return storing(() => this.#shelf.json(this.#shelf.insert(name, undefined)));
  }

  list({ limit = 100, cursor }: Page): Promise<VolumePage> {
    return storing(async () => {
      checkCursor(cursor, VOLUME_ID);
      const rows = this.#shelf.rows.page(limit + 1, cursor);
      const items: VolumeJson[] = [];
      for (const { id } of rows.slice(0, limit)) {
        // one that is deleted meanwhile is passed over
        const row = this.#shelf.find(id);
        if (row) items.push(await this.#shelf.json(row));
      }
      const last = rows[limit - 1];
      return { items, ...(rows.length > limit && last && { next: last.id }) };
    });
  }

  get(id: string): Promise<VolumeJson> {
    return storing(() => this.#shelf.json(this.#shelf.visible(id)));
  }

  seal(id: string, { chunks }: { readonly chunks?: number | undefined }): Promise<VolumeJson> {
    return storing(async () => {
      if (this.#shelf.visible(id).state === 'sealed') return this.#shelf.json(this.#shelf.visible(id));
      return this.#seal(
        id,
        () => this.#shelf.visible(id),
        async (tally) => {
          const { layout } = tally;
          const expected = chunks ?? layout.keyCount;
          if (expected > layout.keyCount) throw problems.otherCount(tally, expected);
          if (tally.chunks < expected) {
            const missing = await missingOf(this.#files, this.#shelf.volume(id).root, layout, 3);
            throw problems.incomplete(tally, chunks, missing);
          }
          if (tally.chunks > expected) throw problems.otherCount(tally, expected);
        },
      );
    });
  }

  delete(id: string): Promise<void> {
    return storing(() => {
      const { segmentation } = this.#shelf.visible(id);
      if (segmentation !== undefined) throw problems.ownedBySegmentation(id, segmentation);
      const user = this.#options.usedBy(id);
      if (user !== undefined) throw problems.usedBySegmentation(id, user);
      return this.#shelf.delete(id);
    });
  }

  put(
    id: string,
    key: string,
    body: ReadableStream<Uint8Array> | null,
    options: PutOptions,
  ): Promise<{ readonly etag: string; readonly created: boolean }> {
    return storing(async () => {
      this.#shelf.open(id);
      checkKey(key);
      await this.#shelf.count();
      return putValue(this.#shelf.volume(id), key, body, options, {
        files: this.#files,
        limits: this.#limits,
        stamps: this.#stamps,
        room: this.#room,
        checkOpen: () => void this.#shelf.open(id),
      });
    });
  }

  read(id: string, key: string, { range }: { readonly range?: ByteRange | undefined }): Promise<StoredValue> {
    return storing(async () => {
      this.#shelf.visible(id);
      checkKey(key);
      const found = await openValue(this.#files, join(this.pathOf(id), key));
      if (!found) throw problems.noKey(key);
      const size = Number(found.stats.size);
      try {
        const { start, end } = resolveRange(range, size);
        return { etag: etagOf(found.stats), size, start, end, body: streamOf(found.file, start, end) };
      } catch (error) {
        await found.file.close();
        throw error;
      }
    });
  }

  remove(id: string, key: string): Promise<void> {
    return storing(async () => {
      this.#shelf.open(id);
      checkKey(key);
      await this.#shelf.count();
      const volume = this.#shelf.volume(id);
      await volume.mutex.run(async () => {
        this.#shelf.open(id);
        await volume.remove(key);
      });
    });
  }

  async recover(): Promise<void> {
    await storing(async () => {
      const { directory } = this.#options;
      const rows = this.#shelf.rows.all();
      const marked = rows.filter(({ state }) => state === 'deleting').map(({ id }) => id);
      const unfinished = new Set([...marked, ...(await unfinishedDeletions(this.#files, directory))]);
      for (const id of unfinished) await this.#shelf.purge(id);
      for (const { id } of rows) {
        if (!unfinished.has(id)) await sweepIncoming(this.#files, directory, id);
      }
      await this.#shelf.count();
    });
  }

  pathOf(id: string): string {
    if (!VOLUME_ID.test(id)) throw problems.noVolume(id);
    return join(this.#options.directory, id, HIERARCHY);
  }

  stateOf(id: string): VolumeJson['state'] | undefined {
    return this.#shelf.find(id)?.state;
  }

  createResult({
    segmentation,
    name,
  }: {
    readonly segmentation: string;
    readonly name?: string | undefined;
  }): {
    readonly id: string;
    readonly path: string;
  } {
    try {
      const { id } = this.#shelf.rows.ofSegmentation(segmentation) ?? this.#shelf.insert(name, segmentation);
      mkdirSync(join(this.#options.directory, id), { recursive: true });
      return { id, path: this.pathOf(id) };
    } catch (error) {
      throw storingProblem(error);
    }
  }

  publishResult(id: string): Promise<VolumeJson> {
    return storing(async () => {
      const row = this.#shelf.result(id);
      if (row.state === 'sealed') return this.#shelf.json(row);
      await this.#shelf.count();
      return this.#seal(
        id,
        () => this.#shelf.result(id),
        async () => {},
      );
    });
  }

  removeResult(id: string): Promise<void> {
    return storing(async () => {
      if (this.#shelf.there(id)) await this.#shelf.delete(id);
    });
  }

  async removeResultOf(segmentation: string): Promise<void> {
    const row = this.#shelf.rows.ofSegmentation(segmentation);
    if (row) await this.removeResult(row.id);
  }

  /** @param rowOf reads the row again when nothing else happens to the volume any more; throws when there is none */
  async #seal(
    id: string,
    rowOf: () => VolumeRow,
    check: (tally: Tally) => Promise<void>,
  ): Promise<VolumeJson> {
    const volume = this.#shelf.volume(id);
    await volume.mutex.run(async () => {
      if (rowOf().state === 'sealed') return;
      // once and for all: not what was counted on the way, but what is there
      volume.recount();
      const tally = await volume.count();
      if (tally.layout.arrays.length === 0) throw problems.noArray(id);
      await check(tally);
      const { bytes, arrays } = tally;
      rowOf();
      this.#shelf.rows.seal(id, this.#options.now(), { bytes, arrays });
      volume.recount();
    });
    return this.#shelf.json(rowOf());
  }
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../ids.ts';
import { ApiProblem } from '../problem.ts';
import { VOLUME_ID } from '../contract/index.ts';
import { purge, sweepIncoming, unfinishedDeletions } from './deleting.ts';
import type { DirectoryVolumeStore, VolumeStoreOptions } from './directory-store.ts';
import { etagOf, Stamps } from './etag.ts';
import { localFiles, type Files } from './files.ts';
import { HeldVolume, HIERARCHY } from './held.ts';
import { checkKey } from './key.ts';
import { DEFAULT_VOLUME_LIMITS, type VolumeLimits } from './limits.ts';
import * as problems from './problems.ts';
import { putValue } from './put.ts';
import { resolveRange } from './range.ts';
import { openValue, streamOf } from './read.ts';
import { Room } from './room.ts';
import { VolumeRows, type Contents, type VolumeRow } from './rows.ts';
import { isFull, storing, storingProblem } from './storing.ts';
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
  readonly #rows: VolumeRows;
  readonly #options: VolumeStoreOptions;
  readonly #files: Files;
  readonly #limits: VolumeLimits;
  readonly #stamps: Stamps;
  readonly #room: Room;
  readonly #held = new Map<string, HeldVolume>();
  /** Those that the database has no room to mark. */
  readonly #deleting = new Set<string>();
  #counted: Promise<void> | undefined;

  constructor(options: VolumeStoreOptions) {
    this.#options = options;
    this.#rows = new VolumeRows(options.db);
    this.#files = options.files ?? localFiles;
    this.#limits = { ...DEFAULT_VOLUME_LIMITS, ...options.limits };
    this.#stamps = new Stamps(options.now);
    this.#room = new Room(this.#limits.maxVolumeBytes);
  }

  create({ name }: { readonly name?: string | undefined }): Promise<VolumeJson> {
    return storing(() => this.#json(this.#insert(name, undefined)));
  }

  list({ limit = 100, cursor }: Page): Promise<VolumePage> {
    return storing(async () => {
      if (cursor !== undefined && !VOLUME_ID.test(cursor)) throw wrongCursor(cursor);
      const rows = this.#rows.page(limit + 1, cursor);
      const items: VolumeJson[] = [];
      for (const { id } of rows.slice(0, limit)) {
        // one that is deleted meanwhile is passed over
        const row = this.#find(id);
        if (row) items.push(await this.#json(row));
      }
      const last = rows[limit - 1];
      return { items, ...(rows.length > limit && last && { next: last.id }) };
    });
  }

  get(id: string): Promise<VolumeJson> {
    return storing(() => this.#json(this.#visible(id)));
  }

  seal(id: string, { chunks }: { readonly chunks?: number | undefined }): Promise<VolumeJson> {
    return storing(async () => {
      if (this.#visible(id).state === 'sealed') return this.#json(this.#visible(id));
      return this.#seal(
        id,
        () => this.#visible(id),
        async (tally) => {
          const { layout } = tally;
          const expected = chunks ?? layout.keyCount;
          if (expected > layout.keyCount) throw problems.otherCount(tally, expected);
          if (tally.chunks < expected) {
            const missing = await missingOf(this.#files, this.#volume(id).root, layout, 3);
            throw problems.incomplete(tally, chunks, missing);
          }
          if (tally.chunks > expected) throw problems.otherCount(tally, expected);
        },
      );
    });
  }

  delete(id: string): Promise<void> {
    return storing(() => {
      const { segmentation } = this.#visible(id);
      if (segmentation !== undefined) throw problems.ownedBySegmentation(id, segmentation);
      const user = this.#options.usedBy(id);
      if (user !== undefined) throw problems.usedBySegmentation(id, user);
      return this.#delete(id);
    });
  }

  put(
    id: string,
    key: string,
    body: ReadableStream<Uint8Array> | null,
    options: PutOptions,
  ): Promise<{ readonly etag: string; readonly created: boolean }> {
    return storing(async () => {
      this.#open(id);
      checkKey(key);
      await this.#count();
      return putValue(this.#volume(id), key, body, options, {
        files: this.#files,
        limits: this.#limits,
        stamps: this.#stamps,
        room: this.#room,
        checkOpen: () => void this.#open(id),
      });
    });
  }

  read(id: string, key: string, { range }: { readonly range?: ByteRange | undefined }): Promise<StoredValue> {
    return storing(async () => {
      this.#visible(id);
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
      this.#open(id);
      checkKey(key);
      await this.#count();
      const volume = this.#volume(id);
      await volume.mutex.run(async () => {
        this.#open(id);
        await volume.remove(key);
      });
    });
  }

  async recover(): Promise<void> {
    await storing(async () => {
      const { directory } = this.#options;
      const rows = this.#rows.all();
      const marked = rows.filter(({ state }) => state === 'deleting').map(({ id }) => id);
      const unfinished = new Set([...marked, ...(await unfinishedDeletions(this.#files, directory))]);
      for (const id of unfinished) await this.#purge(id);
      for (const { id } of rows) {
        if (!unfinished.has(id)) await sweepIncoming(this.#files, directory, id);
      }
      await this.#count();
    });
  }

  pathOf(id: string): string {
    if (!VOLUME_ID.test(id)) throw problems.noVolume(id);
    return join(this.#options.directory, id, HIERARCHY);
  }

  stateOf(id: string): VolumeJson['state'] | undefined {
    return this.#find(id)?.state;
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
      const { id } = this.#rows.ofSegmentation(segmentation) ?? this.#insert(name, segmentation);
      mkdirSync(join(this.#options.directory, id), { recursive: true });
      return { id, path: this.pathOf(id) };
    } catch (error) {
      throw storingProblem(error);
    }
  }

  publishResult(id: string): Promise<VolumeJson> {
    return storing(async () => {
      const row = this.#result(id);
      if (row.state === 'sealed') return this.#json(row);
      await this.#count();
      return this.#seal(
        id,
        () => this.#result(id),
        async () => {},
      );
    });
  }

  removeResult(id: string): Promise<void> {
    return storing(async () => {
      const row = this.#rows.get(id);
      if (row && row.state !== 'deleting' && !this.#deleting.has(id)) await this.#delete(id);
    });
  }

  #insert(name: string | undefined, segmentation: string | undefined): VolumeRow {
    const createdAt = this.#options.now();
    const id = newId('vol', createdAt, this.#options.random);
    const row = { id, name, createdAt, segmentation };
    this.#rows.insert(row);
    return { ...row, state: 'open', sealedAt: undefined, contents: undefined };
  }

  /** Who may see it: not while it is deleted, nor a result before it is published. */
  #find(id: string): (VolumeRow & { readonly state: 'open' | 'sealed' }) | undefined {
    const row = this.#rows.get(id);
    if (!row || this.#deleting.has(id)) return undefined;
    const { state, segmentation } = row;
    if (state === 'deleting' || (state === 'open' && segmentation !== undefined)) return undefined;
    return { ...row, state };
  }

  #visible(id: string): VolumeRow {
    const row = this.#find(id);
    if (!row) throw problems.noVolume(id);
    return row;
  }

  #open(id: string): VolumeRow {
    const row = this.#visible(id);
    if (row.state === 'sealed') throw problems.sealed(id);
    return row;
  }

  #result(id: string): VolumeRow {
    const row = this.#rows.get(id);
    if (row?.segmentation === undefined || row.state === 'deleting') throw problems.noVolume(id);
    return row;
  }

  #volume(id: string): HeldVolume {
    let volume = this.#held.get(id);
    if (!volume) {
      const directory = join(this.#options.directory, id);
      volume = new HeldVolume(this.#files, directory, (bytes) => this.#room.set(id, bytes));
      this.#held.set(id, volume);
    }
    return volume;
  }

  /** Before the first byte is written under a limit, all that is there must be known. */
  #count(): Promise<void> {
    if (!this.#room.limited) return Promise.resolve();
    this.#counted ??= this.#countAll().catch((error: unknown) => {
      this.#counted = undefined;
      throw error;
    });
    return this.#counted;
  }

  async #countAll(): Promise<void> {
    for (const { id } of this.#rows.all()) {
      const row = this.#find(id);
      if (row?.contents) this.#room.set(id, row.contents.bytes);
      else if (row) await this.#tallyOf(id);
    }
  }

  #tallyOf(id: string): Promise<Tally> | Tally {
    const volume = this.#volume(id);
    return volume.counted ?? volume.mutex.run(() => volume.count());
  }

  /** @param rowOf reads the row again when nothing else happens to the volume any more; throws when there is none */
  async #seal(
    id: string,
    rowOf: () => VolumeRow,
    check: (tally: Tally) => Promise<void>,
  ): Promise<VolumeJson> {
    const volume = this.#volume(id);
    await volume.mutex.run(async () => {
      if (rowOf().state === 'sealed') return;
      // once and for all: not what was counted on the way, but what is there
      volume.recount();
      const tally = await volume.count();
      if (tally.layout.arrays.length === 0) throw problems.noArray(id);
      await check(tally);
      const { bytes, arrays } = tally;
      rowOf();
      this.#rows.seal(id, this.#options.now(), { bytes, arrays });
      volume.recount();
    });
    return this.#json(rowOf());
  }

  async #delete(id: string): Promise<void> {
    try {
      this.#rows.startDeleting(id);
    } catch (error) {
      if (!isFull(error)) throw error;
      // Deleting is how a disk gets room again, so it must not need any: the name of the directory marks it then.
      this.#deleting.add(id);
    }
    const volume = this.#volume(id);
    volume.end();
    await volume.mutex.run(() => this.#purge(id));
  }

  async #purge(id: string): Promise<void> {
    await purge(this.#files, this.#options.directory, id, () => this.#rows.remove(id));
    this.#deleting.delete(id);
    this.#held.delete(id);
    this.#room.set(id, 0);
  }

  async #json(row: VolumeRow): Promise<VolumeJson> {
    const { id, name, state, createdAt, sealedAt, segmentation } = row;
    const contents: Contents = row.contents ?? (await this.#tallyOf(id));
    return {
      id,
      ...(name !== undefined && { name }),
      state: state === 'sealed' ? 'sealed' : 'open',
      url: `/v1/volumes/${id}`,
      createdAt: new Date(createdAt).toISOString(),
      ...(sealedAt !== undefined && { sealedAt: new Date(sealedAt).toISOString() }),
      bytes: contents.bytes,
      arrays: contents.arrays,
      ...(segmentation !== undefined && { segmentation }),
    };
  }
}

const wrongCursor = (cursor: string): ApiProblem =>
  new ApiProblem(
    'invalid-parameter',
    'The query parameter cursor is no cursor; give the `next` of the page before.',
    {
      field: 'cursor',
      value: cursor.slice(0, 60),
    },
  );

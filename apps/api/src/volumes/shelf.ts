import { join } from 'node:path';
import { newId } from '../ids.ts';
import { isOutOfSpace } from '../unforeseen.ts';
import { purge } from './deleting.ts';
import type { VolumeStoreOptions } from './directory-store.ts';
import type { Files } from './files.ts';
import { HeldVolume } from './held.ts';
import * as problems from './problems.ts';
import type { Room } from './room.ts';
import { VolumeRows, type Contents, type VolumeRow } from './rows.ts';
import type { Tally } from './tally.ts';
import type { VolumeJson } from './types.ts';

/** What is not being deleted. */
type Present = VolumeRow & { readonly state: 'open' | 'sealed' };

/** Which volumes there are, who may see them, what they take and how they go: the database and the files together. */
export class Shelf {
  readonly rows: VolumeRows;
  readonly #options: VolumeStoreOptions;
  readonly #files: Files;
  readonly #room: Room;
  readonly #held = new Map<string, HeldVolume>();
  /** Those that the database has no room to mark. */
  readonly #deleting = new Set<string>();
  #counted: Promise<void> | undefined;

  constructor(options: VolumeStoreOptions, files: Files, room: Room) {
    this.#options = options;
    this.#files = files;
    this.#room = room;
    this.rows = new VolumeRows(options.db);
  }

  insert(name: string | undefined, segmentation: string | undefined): VolumeRow {
    const createdAt = this.#options.now();
    const id = newId('vol', createdAt, this.#options.random);
    const row = { id, name, createdAt, segmentation };
    this.rows.insert(row);
    return { ...row, state: 'open', sealedAt: undefined, contents: undefined };
  }

  /** Published or not. */
  there(id: string): Present | undefined {
    const row = this.rows.get(id);
    if (!row || row.state === 'deleting' || this.#deleting.has(id)) return undefined;
    return { ...row, state: row.state };
  }

  /** Who may see it: not while it is deleted, nor a result before it is published. */
  find(id: string): Present | undefined {
    const row = this.there(id);
    return row?.state === 'open' && row.segmentation !== undefined ? undefined : row;
  }

  visible(id: string): VolumeRow {
    const row = this.find(id);
    if (!row) throw problems.noVolume(id);
    return row;
  }

  open(id: string): VolumeRow {
    const row = this.visible(id);
    if (row.state === 'sealed') throw problems.sealed(id);
    return row;
  }

  result(id: string): VolumeRow {
    const row = this.there(id);
    if (row?.segmentation === undefined) throw problems.noVolume(id);
    return row;
  }

  volume(id: string): HeldVolume {
    let volume = this.#held.get(id);
    if (!volume) {
      const directory = join(this.#options.directory, id);
      volume = new HeldVolume(this.#files, directory, (bytes) => this.#room.set(id, bytes));
      this.#held.set(id, volume);
    }
    return volume;
  }

  /** Before the first byte is written under a limit, all that is there must be known. */
  count(): Promise<void> {
    if (!this.#room.limited) return Promise.resolve();
    this.#counted ??= this.#countAll().catch((error: unknown) => {
      this.#counted = undefined;
      throw error;
    });
    return this.#counted;
  }

  async #countAll(): Promise<void> {
    for (const { id } of this.rows.all()) {
      const row = this.find(id);
      if (row?.contents) this.#room.set(id, row.contents.bytes);
      else if (row) await this.tallyOf(id);
    }
  }

  tallyOf(id: string): Promise<Tally> | Tally {
    const volume = this.volume(id);
    return volume.counted ?? volume.mutex.run(() => volume.count());
  }

  async delete(id: string): Promise<void> {
    try {
      this.rows.startDeleting(id);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      // Deleting is how a disk gets room again, so it must not need any: the name of the directory marks it then.
      this.#deleting.add(id);
    }
    const volume = this.volume(id);
    volume.end();
    await volume.mutex.run(() => this.purge(id));
  }

  async purge(id: string): Promise<void> {
    await purge(this.#files, this.#options.directory, id, () => this.rows.remove(id));
    this.#deleting.delete(id);
    this.#held.delete(id);
    this.#room.set(id, 0);
  }

  async json(row: VolumeRow): Promise<VolumeJson> {
    const { id, name, state, createdAt, sealedAt, segmentation } = row;
    const contents: Contents = row.contents ?? (await this.tallyOf(id));
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

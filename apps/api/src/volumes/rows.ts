import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { VolumeJson } from './types.ts';

/** What a volume held when it was sealed. */
export type Contents = Pick<VolumeJson, 'bytes' | 'arrays'>;

export interface VolumeRow {
  readonly id: string;
  readonly name: string | undefined;
  readonly state: 'open' | 'sealed' | 'deleting';
  readonly createdAt: number;
  readonly sealedAt: number | undefined;
  /** The job whose result it is. */
  readonly segmentation: string | undefined;
  readonly contents: Contents | undefined;
}

/** The table of volumes. */
export class VolumeRows {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  insert(row: Pick<VolumeRow, 'id' | 'name' | 'createdAt' | 'segmentation'>): void {
    this.#db
      .prepare("insert into volumes (id, name, state, created_at, segmentation) values (?, ?, 'open', ?, ?)")
      .run(row.id, row.name ?? null, row.createdAt, row.segmentation ?? null);
  }

  get(id: string): VolumeRow | undefined {
    return rowOf(this.#db.prepare('select * from volumes where id = ?').get(id));
  }

  ofSegmentation(segmentation: string): VolumeRow | undefined {
    const sql = "select * from volumes where segmentation = ? and state <> 'deleting' order by id";
    return rowOf(this.#db.prepare(sql).get(segmentation));
  }

  /** Newest first, without results that are being written. */
  page(limit: number, before: string | undefined): VolumeRow[] {
    const sql =
      "select * from volumes where id < ? and (state = 'sealed' or (state = 'open' and segmentation is null)) order by id desc limit ?";
    // no id begins with a character behind this one
    return rowsOf(this.#db.prepare(sql).all(before ?? '~', limit));
  }

  all(): VolumeRow[] {
    return rowsOf(this.#db.prepare('select * from volumes').all());
  }

  seal(id: string, at: number, contents: Contents): void {
    this.#db
      .prepare(
        "update volumes set state = 'sealed', sealed_at = ?, layout = ? where id = ? and state = 'open'",
      )
      .run(at, JSON.stringify(contents), id);
  }

  startDeleting(id: string): void {
    this.#db.prepare("update volumes set state = 'deleting' where id = ?").run(id);
  }

  remove(id: string): void {
    this.#db.prepare('delete from volumes where id = ?').run(id);
  }
}

const rowsOf = (rows: readonly Record<string, SQLOutputValue>[]): VolumeRow[] =>
  rows.map(rowOf).filter((row) => row !== undefined);

function rowOf(row: Record<string, SQLOutputValue> | undefined): VolumeRow | undefined {
  if (!row) return undefined;
  const text = (name: string) => (row[name] === null ? undefined : String(row[name]));
  const layout = text('layout');
  return {
    id: String(row['id']),
    name: text('name'),
    state: row['state'] as VolumeRow['state'], // the table checks it
    createdAt: Number(row['created_at']),
    sealedAt: row['sealed_at'] === null ? undefined : Number(row['sealed_at']),
    segmentation: text('segmentation'),
    contents: layout === undefined ? undefined : (JSON.parse(layout) as Contents), // written by `seal`
  };
}

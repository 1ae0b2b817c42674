import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { ModelPackage } from '@tokenunify/model';
import type { ModelRow, StoredPackage } from './rows.ts';
import { rowOf } from './rows.ts';
import type { ModelState } from './types.ts';

/** The table of versions. Rows are never deleted: jobs and the history name them. */
export class ModelRows {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  insert(model: ModelPackage, sizes: Readonly<Record<string, number>>, createdAt: number): void {
    this.#run(
      "insert into models (digest, name, version, state, created_at, summary, bytes) values (?, ?, ?, 'ready', ?, ?, ?)",
      model.digest,
      model.name,
      model.version,
      createdAt,
      JSON.stringify(stored(model, sizes)),
      total(sizes),
    );
  }

  /** Its files are there again. */
  restore(digest: string, sizes: Readonly<Record<string, number>>): void {
    this.#run(
      "update models set state = 'ready', retired_at = null, bytes = ? where digest = ?",
      total(sizes),
      digest,
    );
  }

  retire(digest: string, at: number): void {
    this.#run(
      "update models set state = 'retired', retired_at = ? where digest = ? and state = 'ready'",
      at,
      digest,
    );
  }

  /** Its files are gone. */
  emptied(digest: string): void {
    this.#run('update models set bytes = 0 where digest = ?', digest);
  }

  get(digest: string): ModelRow | undefined {
    return rowOf(this.#db.prepare('select * from models where digest = ?').get(digest));
  }

  version(name: string, version: string): ModelRow | undefined {
    return rowOf(this.#db.prepare('select * from models where name = ? and version = ?').get(name, version));
  }

  readyNamed(name: string): ModelRow[] {
    return this.#all("select * from models where name = ? and state = 'ready' order by rowid", name);
  }

  all(): ModelRow[] {
    return this.#all('select * from models order by rowid');
  }

  /** Newest first, those that came before `cursor`. */
  page(limit: number, cursor: string | undefined, state: ModelState | undefined): ModelRow[] {
    return this.#all(
      `select * from models
       where (?1 is null or rowid < (select rowid from models where digest = ?1)) and (?2 is null or state = ?2)
       order by rowid desc limit ?3`,
      cursor ?? null,
      state ?? null,
      limit,
    );
  }

  /** The unfinished job that needs a version: none that only agglomerates again, and no shadow run, which nobody waits for. */
  userOf(digest: string): string | undefined {
    const row = this.#db
      .prepare(
        `select id from jobs
         where state in ('queued', 'running') and parent is null and json_extract(model, '$.digest') = ? limit 1`,
      )
      .get(digest);
    return row && String(row['id']);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): ModelRow[] {
    const rows: Record<string, SQLOutputValue>[] = this.#db.prepare(sql).all(...values);
    return rows.map(rowOf).filter((row) => row !== undefined);
  }
}

const total = (sizes: Readonly<Record<string, number>>): number =>
  Object.values(sizes).reduce((sum, size) => sum + size, 0);

/** Without the directory, which may be moved together with the data. */
function stored(model: ModelPackage, sizes: Readonly<Record<string, number>>): StoredPackage {
  const { dir, ...rest } = model;
  const within = Object.entries(rest).map(([field, value]) => [
    field,
    field.endsWith('Path') && typeof value === 'string' ? value.slice(dir.length + 1) : value,
  ]);
  return { package: Object.fromEntries(within) as StoredPackage['package'], sizes }; // the same fields
}

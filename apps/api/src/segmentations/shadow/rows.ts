import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { transaction } from '../../database.ts';
import type { JobRecord, ModelRef, NewRecord, StoredSpec } from '../record.ts';
import { fromRow, MOST_INTERRUPTIONS } from '../rows.ts';
import type { Agreement } from './compare.ts';

/** What the challenger is to do beside a job, or why it cannot. */
export interface NewShadow {
  readonly model: ModelRef;
  readonly work: { readonly id: string; readonly spec: StoredSpec } | { readonly impossible: string };
}

/** A job of the challenger that nobody sees. */
export interface Shadow {
  readonly job: JobRecord;
  /** The job of the champion, and its result. */
  readonly of: string;
  readonly champion: JobRecord;
}

export type Outcome =
  | ({ readonly state: 'done' } & Agreement)
  | { readonly state: 'failed' | 'abandoned'; readonly detail: string };

/** To be called in the transaction that stores the champion's job. */
export function insertShadow(db: DatabaseSync, job: NewRecord, { model, work }: NewShadow): void {
  const impossible = 'impossible' in work ? work.impossible : undefined;
  db.prepare(
    `insert into comparisons (segmentation, champion, challenger, state, created_at, finished_at, detail)
     values (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    job.id,
    job.model.digest,
    model.digest,
    impossible === undefined ? 'waiting' : 'failed',
    job.createdAt,
    impossible === undefined ? null : job.createdAt,
    impossible ?? null,
  );
  if (!('id' in work)) return;
  db.prepare(
    `insert into segmentations
       (id, owner, state, request, spec, model, input_volume, created_at, queued_at, shadow_of)
     select ?, owner, 'queued', request, ?, ?, input_volume, created_at, queued_at, id from segmentations where id = ?`,
  ).run(work.id, JSON.stringify(work.spec), JSON.stringify(model), job.id);
}

/** Shadows and their comparisons in SQLite. */
export class ShadowRows {
  readonly #db: DatabaseSync;
  readonly #now: () => number;

  constructor(db: DatabaseSync, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  count(): number {
    return Number(this.#db.prepare(`select count(*) as n ${UNFINISHED}`).get()?.['n'] ?? 0);
  }

  /** Those whose champion has succeeded, in the order of their jobs. */
  ready(limit: number): Shadow[] {
    return this.#all(
      `select s.* from segmentations s join jobs j on j.id = s.shadow_of
       where s.state = 'queued' and j.state = 'succeeded' order by s.queued_at, s.id limit ?`,
      limit,
    ).flatMap((row) => {
      const of = String(row['shadow_of']);
      const champion = this.#db.prepare('select * from jobs where id = ?').get(of);
      return champion ? [{ job: fromRow(row), of, champion: fromRow(champion) }] : [];
    });
  }

  /** Those that read a stored volume. */
  readersOf(volume: string): string[] {
    return this.#ids(`select id ${UNFINISHED} and input_volume = ?`, volume);
  }

  ofJob(segmentation: string): string[] {
    return this.#ids(`select id ${UNFINISHED} and shadow_of = ?`, segmentation);
  }

  /** Those of versions other than this one. */
  notBy(challenger: string | undefined): string[] {
    return this.#ids(`select id ${UNFINISHED} and model ->> 'digest' is not ?`, challenger ?? null);
  }

  /** Those whose champion has no result, and gets none. */
  orphans(): string[] {
    return this.#ids(
      `select s.id from segmentations s left join jobs j on j.id = s.shadow_of
       where s.shadow_of is not null and s.state <> 'deleting'
         and (j.id is null or j.state in ('failed', 'canceled', 'deleting'))`,
    );
  }

  begin(id: string): void {
    this.#run("update segmentations set state = 'running' where id = ? and state = 'queued'", id);
  }

  /** What is said to run, but does not, waits again. */
  requeue(): void {
    this.#run("update segmentations set state = 'queued' where state = 'running' and shadow_of is not null");
  }

  /**
   * The same after the process was killed.
   * @returns those that it was killed in again and again before they came any further
   */
  requeueKilled(): string[] {
    this.#run(
      `update segmentations set state = 'queued', interruptions = interruptions + 1
       where state = 'running' and shadow_of is not null`,
    );
    return this.#ids(`select id ${UNFINISHED} and interruptions >= ?`, MOST_INTERRUPTIONS);
  }

  progress(id: string, fraction: number): void {
    this.#run(
      `update segmentations set interruptions = 0, progress = json_object('fraction', ?1)
       where id = ?2 and coalesce(progress ->> 'fraction', 0) < ?1`,
      fraction,
      id,
    );
  }

  /** Records what came of a shadow, whose files are to be deleted now. One that has ended already is left as it is. */
  end(id: string, outcome: Outcome): void {
    const { voxels, voiSplit, voiMerge, detail } = {
      ...{ voxels: null, voiSplit: null, voiMerge: null, detail: null },
      ...outcome,
    };
    transaction(this.#db, () => {
      const row = this.#db.prepare(`select shadow_of ${UNFINISHED} and id = ?`).get(id);
      if (row === undefined) return;
      this.#run(
        `update comparisons set state = ?, finished_at = ?, voxels = ?, voi_split = ?, voi_merge = ?, detail = ?
         where segmentation = ? and state = 'waiting'`,
        ...[outcome.state, this.#now(), voxels, voiSplit, voiMerge, detail, String(row['shadow_of'])],
      );
      this.#run("update segmentations set state = 'deleting' where id = ?", id);
    });
  }

  remove(id: string): void {
    this.#run("delete from segmentations where id = ? and state = 'deleting'", id);
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#db.prepare(sql).run(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]) {
    return this.#db.prepare(sql).all(...values);
  }

  #ids(sql: string, ...values: SQLInputValue[]): string[] {
    return this.#all(sql, ...values).map((row) => String(row['id']));
  }
}

const UNFINISHED = "from segmentations where shadow_of is not null and state <> 'deleting'";

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { PROBLEMS, problemType } from '../contract/index.ts';
import { transaction } from '../database.ts';
import {
  hasFinished,
  type Failure,
  type JobRecord,
  type NewRecord,
  type Progress,
  type Result,
} from './record.ts';
import { fromRow, MOST_INTERRUPTIONS } from './rows.ts';
import { insertShadow, type NewShadow } from './shadow/rows.ts';
import type { NumberedEvent, SegmentationEvent, State } from './types.ts';

export interface IdempotencyKey {
  readonly owner: string;
  readonly key: string;
  /** Of the request; the same key with another request is a mistake of the caller. */
  readonly requestHash: string;
}

/** Jobs in SQLite; shadows are not among them. A change of state and the event that tells of it are one transaction. */
export class Repository {
  readonly #db: DatabaseSync;
  readonly #now: () => number;

  constructor(db: DatabaseSync, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  insert(job: NewRecord, idempotency?: IdempotencyKey, shadow?: NewShadow): void {
    transaction(this.#db, () => {
      const { input } = job;
      this.#run(
        `insert into segmentations
           (id, name, owner, parent, state, request, spec, model, input_volume, created_at, queued_at, warnings)
         values (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?)`,
        job.id,
        job.name ?? null,
        job.owner,
        job.parent ?? null,
        JSON.stringify({ input, ...(job.voxelSize && { voxelSize: job.voxelSize }) }),
        JSON.stringify(job.spec),
        JSON.stringify(job.model),
        'volume' in input ? input.volume : null,
        job.createdAt,
        job.createdAt,
        JSON.stringify(job.warnings),
      );
      if (idempotency)
        this.#run(
          'insert into idempotency (owner, key, request_hash, segmentation, created_at) values (?, ?, ?, ?, ?)',
          idempotency.owner,
          idempotency.key,
          idempotency.requestHash,
          job.id,
          job.createdAt,
        );
      if (shadow) insertShadow(this.#db, job, shadow);
      this.#append(job.id, { type: 'state', state: 'queued' });
      for (const warning of job.warnings) this.#append(job.id, { type: 'warning', warning });
    });
  }

  /** The job that an idempotency key made, and the hash of the request that made it. */
  keyed(owner: string, key: string): { readonly id: string; readonly requestHash: string } | undefined {
    const row = this.#get(
      'select segmentation, request_hash from idempotency where owner = ? and key = ?',
      owner,
      key,
    );
    return row && { id: String(row['segmentation']), requestHash: String(row['request_hash']) };
  }

  find(id: string): JobRecord | undefined {
    const row = this.#get("select * from jobs where id = ? and state <> 'deleting'", id);
    return row && fromRow(row);
  }

  /** Newest first, those made before `cursor`; one more than the limit shows that there is a next page. */
  page(limit: number, cursor: string | undefined, state: State | undefined): JobRecord[] {
    return this.#all(
      `select * from jobs
       where state <> 'deleting' and (? is null or id < ?) and (? is null or state = ?)
       order by id desc limit ?`,
      cursor ?? null,
      cursor ?? null,
      state ?? null,
      state ?? null,
      limit,
    ).map(fromRow);
  }

  count(state: State): number {
    return Number(this.#get('select count(*) as n from jobs where state = ?', state)?.['n'] ?? 0);
  }

  /** The job that waits longest. */
  next(): JobRecord | undefined {
    const row = this.#get("select * from jobs where state = 'queued' order by queued_at, id limit 1");
    return row && fromRow(row);
  }

  /** An unfinished job that reads a stored volume. */
  readerOf(volume: string): string | undefined {
    const row = this.#get(
      "select id from jobs where input_volume = ? and state in ('queued', 'running') limit 1",
      volume,
    );
    return row && String(row['id']);
  }

  /**
   * A change of state, if the job is in one of the states it starts from.
   * @returns whether it was
   */
  enter(
    id: string,
    from: readonly State[],
    state: State,
    details: { readonly result?: Result; readonly error?: Failure } = {},
  ): boolean {
    return transaction(this.#db, () => {
      const now = this.#now();
      const places = from.map(() => '?').join(', ');
      const finished = hasFinished({ state });
      const { changes } = this.#run(
        `update segmentations set
           state = ?,
           queued_at = case when ? then ? else queued_at end,
           started_at = case when ? then coalesce(started_at, ?) else started_at end,
           finished_at = ?,
           result = ?,
           error = ?,
           interruptions = case when ? then 0 else interruptions end
         where id = ? and state in (${places})`,
        state,
        Number(state === 'queued'),
        now,
        Number(state === 'running'),
        now,
        finished ? now : null,
        details.result ? JSON.stringify(details.result) : null,
        details.error ? JSON.stringify(details.error) : null,
        Number(state === 'queued' || finished),
        id,
        ...from,
      );
      if (changes === 0) return false;
      this.#append(id, { type: 'state', state });
      return true;
    });
  }

  /**
   * Jobs of a process that ended in the middle of them wait again, where they stood in the queue. One that a process was
   * killed in again and again before it came any further is most likely what kills it, and fails.
   */
  requeueInterrupted(how: 'stopped' | 'killed'): void {
    const rows = this.#all("select id, interruptions from jobs where state = 'running'");
    for (const row of rows) {
      const id = String(row['id']);
      const interruptions = Number(row['interruptions']) + (how === 'killed' ? 1 : 0);
      if (interruptions >= MOST_INTERRUPTIONS) {
        this.enter(id, ['running'], 'failed', { error: hopeless(interruptions) });
        continue;
      }
      transaction(this.#db, () => {
        this.#run(
          "update segmentations set state = 'queued', interruptions = ? where id = ?",
          interruptions,
          id,
        );
        this.#append(id, { type: 'state', state: 'queued' });
      });
    }
  }

  progress(id: string, progress: Progress): void {
    transaction(this.#db, () => {
      const { changes } = this.#run(
        `update segmentations set
           interruptions = case when coalesce(progress ->> 'fraction', 0) < ? then 0 else interruptions end,
           progress = ?
         where id = ? and state = 'running'`,
        progress.fraction,
        JSON.stringify(progress),
        id,
      );
      if (changes > 0) this.#append(id, { type: 'progress', progress });
    });
  }

  addWork(id: string, ms: number): void {
    this.#run('update segmentations set worked_ms = worked_ms + ? where id = ?', Math.round(ms), id);
  }

  /** @returns whether the job had finished, and is being deleted now */
  markDeleting(id: string): boolean {
    const { changes } = this.#run(
      "update segmentations set state = 'deleting' where id = ? and state in ('succeeded', 'failed', 'canceled')",
      id,
    );
    return changes > 0;
  }

  deleting(): string[] {
    return this.#all("select id from segmentations where state = 'deleting'").map((row) => String(row['id']));
  }

  /** With its events and idempotency keys. */
  remove(id: string): void {
    this.#run('delete from segmentations where id = ?', id);
  }

  ids(): Set<string> {
    return new Set(this.#all('select id from segmentations').map((row) => String(row['id'])));
  }

  events(id: string, after: number, limit: number): NumberedEvent[] {
    return this.#all(
      'select seq, data from events where segmentation = ? and seq > ? order by seq limit ?',
      id,
      after,
      limit,
    ).map((row) => ({
      seq: Number(row['seq']),
      event: JSON.parse(String(row['data'])) as SegmentationEvent, // as #append wrote it
    }));
  }

  #append(id: string, event: Omit<SegmentationEvent, 'at'>): void {
    const data = JSON.stringify({ ...event, at: new Date(this.#now()).toISOString() });
    this.#run(
      `insert into events (segmentation, seq, data)
       values (?, (select coalesce(max(seq), 0) + 1 from events where segmentation = ?), ?)`,
      id,
      id,
      data,
    );
  }

  #run(sql: string, ...values: SQLInputValue[]): { changes: number | bigint } {
    return this.#db.prepare(sql).run(...values);
  }

  #get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#db.prepare(sql).get(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    return this.#db.prepare(sql).all(...values);
  }
}

const hopeless = (interruptions: number): Failure => ({
  type: problemType('segmentation-failed'),
  title: PROBLEMS['segmentation-failed'][1],
  code: 'segmentation-failed',
  detail: `The server was killed ${interruptions} times in a row before the job came any further, most likely for want of memory; give smaller cells, or the server more memory, and resume the job.`,
});

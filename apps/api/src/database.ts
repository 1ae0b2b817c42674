import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * State on one machine: what there is, in SQLite; what it holds, in files beside it. Times are milliseconds since 1970,
 * objects are JSON. Each statement is short, so that the synchronous interface of node:sqlite does not hold up requests.
 */
const MIGRATIONS: readonly string[] = [
  `
  create table volumes (
    id text primary key,
    name text,
    state text not null check (state in ('open', 'sealed', 'deleting')),
    created_at integer not null,
    sealed_at integer,
    -- the job whose result it is
    segmentation text,
    -- arrays and bytes as they were counted when it was sealed
    layout text
  ) strict;

  create table segmentations (
    id text primary key,
    name text,
    owner text not null,
    parent text,
    state text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'canceled', 'deleting')),
    request text not null,
    -- everything the result depends on, resolved when the job was made
    spec text not null,
    model text not null,
    -- the stored volume it reads, which must not be deleted meanwhile
    input_volume text,
    created_at integer not null,
    queued_at integer not null,
    started_at integer,
    finished_at integer,
    worked_ms integer not null default 0,
    -- times in a row that the process ended before the job came any further
    interruptions integer not null default 0,
    progress text,
    warnings text not null default '[]',
    result text,
    error text
  ) strict;
  create index segmentations_by_state on segmentations (state, queued_at);

  create table events (
    segmentation text not null references segmentations (id) on delete cascade,
    seq integer not null,
    data text not null,
    primary key (segmentation, seq)
  ) strict, without rowid;

  create table idempotency (
    owner text not null,
    key text not null,
    request_hash text not null,
    segmentation text references segmentations (id) on delete cascade,
    created_at integer not null,
    primary key (owner, key)
  ) strict, without rowid;

  create table keys (
    id text primary key,
    name text not null,
    -- sha256 of the secret, hexadecimal; the secret itself is shown once and kept nowhere
    hash text not null,
    scopes text not null,
    created_at integer not null,
    revoked_at integer
  ) strict;
  `,
  `
  create table models (
    digest text primary key,
    name text not null,
    version text not null,
    state text not null check (state in ('ready', 'retired')),
    created_at integer not null,
    retired_at integer,
    -- what the package says, and its files: a record outlives them
    summary text not null,
    -- 0 once the files are deleted
    bytes integer not null
  ) strict;
  create unique index models_by_version on models (name, version);

  create table aliases (
    alias text primary key check (alias in ('champion', 'challenger')),
    digest text not null references models (digest)
  ) strict, without rowid;

  create table alias_changes (
    seq integer primary key autoincrement,
    at integer not null,
    kind text not null,
    alias text not null,
    -- null: there was none, there is none
    from_digest text,
    to_digest text,
    by text not null,
    reason text
  ) strict;

  create table traffic (
    id integer primary key check (id = 1),
    canary_percent integer not null default 0,
    shadow_percent integer not null default 0
  ) strict;
  insert into traffic (id) values (1);

  -- jobs of the challenger that nobody asked for, beside those of the champion
  alter table segmentations add column shadow_of text;
  create index segmentations_by_shadow on segmentations (shadow_of) where shadow_of is not null;
  -- what people see
  create view jobs as select * from segmentations where shadow_of is null;

  create table comparisons (
    -- the job of the champion; it may be deleted later
    segmentation text primary key,
    champion text not null,
    challenger text not null,
    state text not null check (state in ('waiting', 'done', 'failed', 'abandoned')),
    created_at integer not null,
    finished_at integer,
    voxels integer,
    voi_split real,
    voi_merge real,
    detail text
  ) strict;
  create index comparisons_by_challenger on comparisons (challenger, segmentation);
  `,
];

/**
 * Opens the database, or makes it; brings an older one to the current form.
 *
 * @param path of the file, or `:memory:`
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: 5_000 });
  // WAL: readers (the keys command) beside the server; NORMAL: survives the death of the process, whenever it comes.
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on');
  const row = db.prepare('pragma user_version').get();
  const version = Number(row?.['user_version'] ?? 0);
  if (version > MIGRATIONS.length) {
    db.close();
    throw new Error(
      `${path} has schema ${version}, this server knows ${MIGRATIONS.length}; start the newer version that made it.`,
    );
  }
  for (let next = version; next < MIGRATIONS.length; next++)
    transaction(db, () => {
      db.exec(MIGRATIONS[next] ?? '');
      db.exec(`pragma user_version = ${next + 1}`);
    });
  return db;
}

/** All of `work`, or nothing of it. */
export function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('begin immediate');
  try {
    const result = work();
    db.exec('commit');
    return result;
  } catch (error) {
    // SQLite has done so itself where the disk is full, and a second one would hide why
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

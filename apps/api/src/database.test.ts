import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase, transaction } from './database.ts';

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'database-'))));
afterAll(() => rm(root, { recursive: true }));

const insert = "insert into keys (id, name, hash, scopes, created_at) values (?, 'lab', 'h', '[]', 0)";

it('keeps what was written, and is brought to its form once', () => {
  const path = join(root, 'deep/state.sqlite');
  const first = openDatabase(path);
  first.prepare(insert).run('a');
  first.close();
  const second = openDatabase(path);
  expect(second.prepare('select count(*) as n from keys').get()).toEqual({ n: 1 });
  second.close();
});

it('refuses a database of a newer version instead of misreading it', () => {
  const path = join(root, 'newer.sqlite');
  const db = openDatabase(path);
  db.exec('pragma user_version = 99');
  db.close();
  expect(() => openDatabase(path)).toThrow(/has schema 99, this server knows \d+; start the newer version/);
});

it('does all of a transaction or nothing', () => {
  const db = openDatabase(':memory:');
  const half = () =>
    transaction(db, () => {
      db.prepare(insert).run('b');
      throw new Error('in the middle');
    });
  expect(half).toThrow('in the middle');
  expect(db.prepare('select count(*) as n from keys').get()).toEqual({ n: 0 });
  expect(transaction(db, () => db.prepare(insert).run('c').changes)).toBe(1);
});

it('says that there is no room, where a transaction meets the end of the disk', () => {
  const db = openDatabase(join(root, 'full.sqlite'));
  const { page_count: pages } = db.prepare('pragma page_count').get() ?? {};
  db.exec(`pragma max_page_count = ${Number(pages)}; pragma cache_size = 1`);
  const fill = () =>
    transaction(db, () => {
      for (let i = 0; ; i++) db.prepare(insert).run(`${i} ${'x'.repeat(1000)}`);
    });
  expect(fill).toThrow(/full/);
  expect(db.prepare('select count(*) as n from keys').get()).toEqual({ n: 0 });
  expect(transaction(db, () => db.prepare(insert).run('d').changes)).toBe(1);
  db.close();
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCOPES } from '../contract/scopes.ts';
import { openDatabase } from '../database.ts';
import { exportKeys, findExported } from './exported.ts';
import { KeyError, KeyStore } from './store.ts';
import { hashSecret, parseToken } from './token.ts';

let root: string;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), 'keys-'))));
afterAll(() => rm(root, { recursive: true }));

const fresh = (now = () => 1000) => new KeyStore(openDatabase(':memory:'), { now });

describe('stored keys', () => {
  it('keep a hash of the secret and nothing of the token', async () => {
    const db = openDatabase(':memory:');
    const store = new KeyStore(db, { now: () => 1000 });
    const { token, ...key } = await store.create({ name: 'lab', scopes: ['volumes:read', 'segment'] });
    const { id, secret } = parseToken(token)!;
    expect(key).toEqual({
      id,
      name: 'lab',
      hash: await hashSecret(secret),
      scopes: ['segment', 'volumes:read'],
      createdAt: 1000,
    });
    expect(store.find(id)).toEqual(key);
    expect(store.list()).toEqual([key]);
    expect(JSON.stringify(db.prepare('select * from keys').all())).not.toContain(secret);
  });

  it('are revoked for every process at once, and count for ever', async () => {
    const path = join(root, 'state.sqlite');
    const server = new KeyStore(openDatabase(path));
    const command = new KeyStore(openDatabase(path));
    expect(server.count()).toBe(0);
    const { id } = await command.create({ name: 'lab', scopes: SCOPES });
    expect(server.find(id)?.until).toBeUndefined();
    command.revoke(id);
    expect(server.find(id)?.until).toBeLessThanOrEqual(Date.now());
    expect(server.count()).toBe(1);
  });

  it('stay ended when they are revoked again, and end early when they would expire', async () => {
    let time = 1000;
    const store = fresh(() => time);
    const { id } = await store.create({ name: 'lab', scopes: ['segment'], expires: 5000 });
    expect(store.find(id)?.until).toBe(5000);
    time = 2000;
    expect(store.revoke(id).until).toBe(2000);
    time = 3000;
    expect(store.revoke(id).until).toBe(2000);
  });

  it.each([
    [{ name: ' ', scopes: ['segment'] as const }, /name/],
    [{ name: 'a\nb', scopes: ['segment'] as const }, /one line/],
    [{ name: 'lab', scopes: [] }, /at least one scope/],
    [{ name: 'lab', scopes: ['segment'] as const, expires: 1000 }, /past/],
    [{ name: 'lab', scopes: ['segment'] as const, expires: Number.NaN }, /past/],
  ])('are not made of %j', async (key, message) => {
    const store = fresh();
    await expect(store.create(key)).rejects.toThrow(KeyError);
    await expect(store.create(key)).rejects.toThrow(message);
    expect(store.count()).toBe(0);
  });

  it('cannot be revoked when there is none', () => {
    expect(() => fresh().revoke('abc')).toThrow('There is no key abc');
  });
});

describe('exported keys', () => {
  it('are found where there is no database, but for those that have ended', async () => {
    let time = 1000;
    const store = fresh(() => time);
    const lab = await store.create({ name: 'lab', scopes: ['segment'] });
    const guest = await store.create({ name: 'guest', scopes: ['segment'], expires: 9000 });
    const gone = await store.create({ name: 'gone', scopes: ['segment'] });
    store.revoke(gone.id);
    time = 2000;
    const text = exportKeys(store.list(), time);
    expect(text).not.toContain(parseToken(lab.token)?.secret);
    const find = findExported(text);
    expect(find(lab.id)).toEqual({ id: lab.id, name: 'lab', hash: lab.hash, scopes: ['segment'] });
    expect(find(guest.id)?.until).toBe(9000);
    expect(find(gone.id)).toBeUndefined();
  });

  it.each(['', 'not json', '{}', '[{"id":"x"}]'])('are refused in one sentence: %j', (text) => {
    expect(() => findExported(text)).toThrow(
      /^The list of API keys is not what `keys export` prints.*again\.$/,
    );
  });
});

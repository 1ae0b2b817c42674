import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../database.ts';
import { localFiles, type Files } from './files.ts';
import { arrayOf, requestsTo, serveVolumes, type VolumeServer } from './testing.fixture.ts';

let server: VolumeServer;
const { send, get, post, put } = requestsTo(() => server);
const noRoom = { status: 507, json: { code: 'insufficient-storage' } };

const enospc = () =>
  Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', errno: -28 });

/** A file system where one call finds the disk full, while `full` says so. */
function fullAt(call: keyof Files | 'write' | 'utimes', full: () => boolean): Files {
  const open = async (...given: Parameters<typeof localFiles.open>): Promise<FileHandle> => {
    const file = await localFiles.open(...given);
    return new Proxy(file, {
      get: (target, name) => {
        if (name === call && full()) return () => Promise.reject(enospc());
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  return new Proxy(localFiles, {
    get: (target, name) => {
      if (name === call && full()) return () => Promise.reject(enospc());
      return name === 'open' ? open : Reflect.get(target, name);
    },
  });
}

describe.each(['mkdir', 'open', 'write', 'utimes', 'rename'] as const)(
  'a disk that %s finds full',
  (call) => {
    let full = false;
    beforeEach(async () => {
      full = false;
      server = await serveVolumes({ files: fullAt(call, () => full) });
    });
    afterEach(() => server.close());

    it('is a 507, nothing of the value is kept, and the volume goes on', async () => {
      const { url, id } = await server.create();
      await put(`${url}/zarr.json`, arrayOf([2], [1]));
      await put(`${url}/c/0`, 'old');
      const before = (await get(url)).json;
      full = true;
      expect(await put(`${url}/c/1`, 'new')).toMatchObject(noRoom);
      expect(await put(`${url}/c/0`, 'new')).toMatchObject(noRoom);
      full = false;
      expect(await readdir(join(server.directory, id, 'incoming'))).toEqual([]);
      expect((await get(url)).json).toEqual(before);
      expect((await get(`${url}/c/0`)).body).toBe('old');
      expect((await get(`${url}/c/1`)).status).toBe(404);
      expect((await put(`${url}/c/1`, 'new')).status).toBe(201);
      expect((await post(`${url}/seal`, {})).json).toMatchObject({ state: 'sealed' });
    });
  },
);

describe('a database without room', () => {
  let full: RegExp | undefined;
  /** These statements fail as SQLite's do on a full disk. */
  const fullDatabase = (path: string): DatabaseSync => {
    const db = openDatabase(path);
    const prepare = db.prepare.bind(db);
    db.prepare = (sql) => {
      if (full?.test(sql)) {
        throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
      }
      return prepare(sql);
    };
    return db;
  };
  beforeEach(async () => {
    full = undefined;
    server = await serveVolumes({ db: fullDatabase(':memory:') });
  });
  afterEach(() => server.close());

  it('makes and seals no volume, says so, and deletes all the same', async () => {
    const { url, id } = await server.create();
    await put(`${url}/zarr.json`, arrayOf([1], [1]));
    await put(`${url}/c/0`, 'a');
    full = /^(insert|update)/;
    expect(await post('/v1/volumes', {})).toMatchObject(noRoom);
    expect(await post(`${url}/seal`, {})).toMatchObject(noRoom);
    expect(() => server.store.createResult({ segmentation: 'seg_1' })).toThrow(/no room left/);
    expect((await get(url)).json).toMatchObject({ state: 'open', arrays: [{ chunks: 1 }] });
    expect((await send('DELETE', url)).status).toBe(204);
    expect((await get(url)).status).toBe(404);
    expect(await readdir(server.directory)).toEqual([]);
    expect(server.store.stateOf(id)).toBeUndefined();
  });

  it('that fails in the middle of deleting does not show a volume without its files again', async () => {
    const { url, id } = await server.create();
    await put(`${url}/zarr.json`, arrayOf([1], [1]));
    await put(`${url}/c/0`, 'a');
    await post(`${url}/seal`, {});
    full = /^(update|delete)/;
    expect(await send('DELETE', url)).toMatchObject(noRoom);
    expect((await get(url)).status).toBe(404);
    full = undefined;
    const again = await server.restarted();
    expect(again.stateOf(id)).toBeUndefined();
    expect(await readdir(server.directory)).toEqual([]);
  });
});

describe('a limit of all volumes', () => {
  beforeEach(async () => void (server = await serveVolumes({ limits: { maxVolumeBytes: 1_000 } })));
  afterEach(() => server.close());

  it('holds for all of them together, and deleting makes room', async () => {
    const [one, other] = [await server.create(), await server.create()];
    expect((await put(`${one.url}/c/0`, 'a'.repeat(600))).status).toBe(201);
    expect(await put(`${other.url}/c/0`, 'a'.repeat(600))).toMatchObject(noRoom);
    expect((await get(`${other.url}/c/0`)).status).toBe(404);
    expect((await put(`${other.url}/c/0`, 'a'.repeat(400))).status).toBe(201);
    expect(await put(`${other.url}/c/1`, 'a')).toMatchObject({ ...noRoom, json: { limit: 1_000 } });
    await send('DELETE', `${other.url}/c/0`);
    expect((await put(`${other.url}/c/0`, 'a'.repeat(100))).status).toBe(201);
    await send('DELETE', one.url);
    expect((await put(`${other.url}/c/1`, 'a'.repeat(900))).status).toBe(201);
  });

  it('knows after a restart what there is, sealed or open', async () => {
    const [one, other] = [await server.create(), await server.create()];
    const document = arrayOf([1], [1]);
    await put(`${one.url}/zarr.json`, document);
    await put(`${one.url}/c/0`, 'a'.repeat(400 - document.length));
    await post(`${one.url}/seal`, {});
    await put(`${other.url}/c/0`, 'a'.repeat(500));
    const again = await server.restarted();
    const putting = (bytes: number) =>
      again.put(other.id, 'c/1', new Response('a'.repeat(bytes)).body, {
        signal: new AbortController().signal,
      });
    await expect(putting(101)).rejects.toMatchObject({ code: 'insufficient-storage' });
    expect(await putting(100)).toMatchObject({ created: true });
  });

  it('counts what is arriving', async () => {
    const { url } = await server.create();
    const answers = await Promise.all([0, 1, 2].map((i) => put(`${url}/c/${i}`, 'a'.repeat(400))));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 507]);
  });
});

/** A file system of one megabyte, where this may make one. */
function tinyDisk(): { readonly path: string; readonly end: () => void } | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting needs root on Linux';
  const path = mkdtempSync(join(tmpdir(), 'tiny-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    rmSync(path, { recursive: true });
    return `mounting failed: ${String(error).trim().split('\n').at(-1)}`;
  }
  const end = () => {
    execFileSync('umount', [path], { stdio: 'pipe' });
    rmSync(path, { recursive: true });
  };
  return { path, end };
}

const disk = tinyDisk();
if (typeof disk === 'string') console.log(`No real full disk is tried: ${disk}.`);

describe.skipIf(typeof disk === 'string')('a real disk that is full', () => {
  const tiny = typeof disk === 'string' ? { path: '', end: () => {} } : disk;
  beforeAll(async () => void (server = await serveVolumes({}, tiny.path)));
  afterAll(async () => {
    await server.close();
    tiny.end();
  });

  it('refuses what does not fit, keeps the rest, and has room again after deleting', async () => {
    const { url, id } = await server.create();
    await put(`${url}/zarr.json`, arrayOf([2], [1]));
    const chunk = new Uint8Array(300_000).fill(1);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await put(`${url}/c/${i}`, chunk)).status);
    expect(statuses[0]).toBe(201);
    expect(statuses.at(-1)).toBe(507);
    // to the last byte
    while (
      (await put(`${url}/fill/${Math.random()}`.replace('0.', 'x'), new Uint8Array(4_096))).status === 201
    );
    expect(await readdir(join(server.directory, id, 'incoming'))).toEqual([]);
    expect(
      Buffer.compare(new Uint8Array(await (await fetch(`${server.url}${url}/c/0`)).arrayBuffer()), chunk),
    ).toBe(0);
    // the database is on the same disk
    expect((await send('DELETE', url)).status).toBe(204);
    const again = await server.create();
    expect((await put(`${again.url}/c/0`, chunk)).status).toBe(201);
  });
});

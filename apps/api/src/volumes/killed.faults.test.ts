import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrayOf } from './testing.fixture.ts';
import type { VolumeJson } from './types.ts';

const script = fileURLToPath(new URL('./killed.fixture.ts', import.meta.url));
let root: string;
let running: ChildProcess | undefined;
beforeEach(async () => void (root = await mkdtemp(join(tmpdir(), 'killed-'))));
afterEach(async () => {
  running?.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

async function start(): Promise<{ url: string; pid: number; kill: () => Promise<void> }> {
  const child = spawn(process.execPath, ['--no-warnings', script, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running = child;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (text: Buffer) => resolve(text.toString().trim()));
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it listened`)));
  });
  const kill = () => {
    child.kill('SIGKILL');
    return ended;
  };
  return { url, pid: child.pid ?? 0, kill };
}

const volumeOf = async (url: string) => (await (await fetch(url)).json()) as VolumeJson;

async function make(server: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${server}/v1/volumes`, { method: 'POST', headers, body: '{}' });
  const { url } = (await answer.json()) as VolumeJson;
  await fetch(`${server}${url}/zarr.json`, { method: 'PUT', body: arrayOf([40], [1]) });
  return url;
}

describe('killed at 20 random moments while clients write', () => {
  it('a volume has every value that was confirmed, each whole, and is counted right', async () => {
    const keys = 40;
    /** What may be at a key: the version confirmed last, and any that was on its way when the server died. */
    const possible = Array.from({ length: keys }, () => new Set<number>());
    let version = 1;
    let confirmed = 0;
    const known = new Set<number>();
    let server = await start();
    const path = await make(server.url);
    for (let round = 0; round < 20; round++) {
      let alive = true;
      const writer = async () => {
        while (alive) {
          const [key, mine] = [Math.floor(Math.random() * keys), version++ % 251 || version++ % 251];
          // one writer of a key at a time, so that the version confirmed last is known
          if (busy.has(key)) continue;
          busy.add(key);
          const versions = possible[key] ?? new Set();
          versions.add(mine);
          const body = new Uint8Array(1_000 + Math.floor(Math.random() * 500_000)).fill(mine);
          const put = fetch(`${server.url}${path}/c/${key}`, { method: 'PUT', body });
          const status = await put.then((answer) => answer.status).catch(() => 0);
          if (status === 201 || status === 204) {
            versions.clear();
            versions.add(mine);
            known.add(key);
            confirmed++;
          }
          busy.delete(key);
        }
      };
      const busy = new Set<number>();
      const writers = Array.from({ length: 4 }, writer);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      alive = false;
      await server.kill();
      await Promise.all(writers);
      server = await start();
      let [stored, bytes] = [0, arrayOf([40], [1]).length];
      for (const [key, versions] of possible.entries()) {
        const answer = await fetch(`${server.url}${path}/c/${key}`);
        const value = new Uint8Array(await answer.arrayBuffer());
        if (answer.status === 404) continue; // allowed only where nothing was confirmed, which is seen below
        stored++;
        bytes += value.length;
        expect(value.length).toBeGreaterThanOrEqual(1_000);
        expect(Buffer.compare(value, Buffer.alloc(value.length, value[0] ?? 0))).toBe(0);
        expect([...versions]).toContain(value[0]);
        versions.clear();
        versions.add(value[0] ?? 0);
        known.add(key);
      }
      for (const key of known) {
        expect((await fetch(`${server.url}${path}/c/${key}`, { method: 'HEAD' })).status).toBe(200);
      }
      expect(await volumeOf(server.url + path)).toMatchObject({ bytes, arrays: [{ chunks: stored }] });
      expect(
        await readdir(join(root, 'volumes', path.split('/').at(-1) ?? '', 'incoming')).catch(() => []),
      ).toEqual([]);
    }
    expect(confirmed).toBeGreaterThan(20);
  });
});

/** The most memory that a process had at once, in MiB. */
const peakOf = async (pid: number): Promise<number> =>
  Number(/VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

// Only Linux tells the peak of another process.
describe.skipIf(process.platform !== 'linux')('four values of 200 MB at once', () => {
  it('come and go without ever being in memory', async () => {
    const server = await start();
    const path = await make(server.url);
    const before = await peakOf(server.pid);
    const piece = new Uint8Array(2 ** 20).fill(5);
    const send = async (key: number) => {
      let left = 200;
      const body = new ReadableStream({
        pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()),
      });
      const init: RequestInit = { method: 'PUT', body, duplex: 'half' };
      expect((await fetch(`${server.url}${path}/c/${key}`, init)).status).toBe(201);
    };
    await Promise.all([0, 1, 2, 3].map(send));
    const receive = async (key: number) => {
      let bytes = 0;
      for await (const part of (await fetch(`${server.url}${path}/c/${key}`)).body ?? [])
        bytes += part.length;
      expect(bytes).toBe(200 * 2 ** 20);
    };
    await Promise.all([0, 1, 2, 3].map(receive));
    expect((await peakOf(server.pid)) - before).toBeLessThan(150);
  });
});

import type { ModelPackage } from '@tokenunify/model';
import { beforeEach, describe, expect, it } from 'vitest';
import { LoadedVersions } from './loaded.ts';
import { codeOf, FakeProcesses, FakeTimers, never } from './testing.fixture.ts';

// only these two are looked at
const version = (name: string) => ({ version: name, digest: `sha256:${name}` }) as ModelPackage;
const turn = () => new Promise((resolve) => setImmediate(resolve));

let processes: FakeProcesses;
let timers: FakeTimers;
let kept: Record<string, 'always' | 'if-there-is-room'>;
let loaded: LoadedVersions;
beforeEach(() => {
  [processes, timers, kept] = [new FakeProcesses(), new FakeTimers(), {}];
  loaded = new LoadedVersions({
    start: processes.start,
    limit: 2,
    idleMs: 1000,
    kept: (digest) => kept[digest],
    after: timers.after,
  });
});

const acquire = (name: string, options = {}) => loaded.acquire(version(name), never, options);

describe('loaded versions', () => {
  it('share one process for all who hold one, started once', async () => {
    const leases = await Promise.all([acquire('a'), acquire('a'), acquire('a')]);
    expect(processes.starts).toEqual(['a']);
    expect(leases.map(({ package: { version } }) => version)).toEqual(['a', 'a', 'a']);
    expect([loaded.isLoaded('sha256:a'), loaded.isHeld('sha256:a')]).toEqual([true, true]);
  });

  it('close when they have been held by nobody for long, and not while somebody holds them', async () => {
    const lease = await acquire('a');
    timers.pass(5000);
    expect(processes.versions()).toEqual(['a']);
    lease.release();
    timers.pass(999);
    expect(processes.versions()).toEqual(['a']);
    (await acquire('a')).release(); // the time begins again
    timers.pass(999);
    await turn();
    expect(processes.versions()).toEqual(['a']);
    timers.pass(1);
    await turn();
    expect(processes.versions()).toEqual([]);
    (await acquire('a')).release();
    expect(processes.starts).toEqual(['a', 'a']);
  });

  it('stay when they are to be kept, and rest from when they are not any more', async () => {
    kept['sha256:a'] = 'always';
    (await acquire('a')).release();
    timers.pass(10_000);
    await turn();
    expect(processes.versions()).toEqual(['a']);
    kept = {};
    loaded.settle();
    timers.pass(1000);
    await turn();
    expect(processes.versions()).toEqual([]);
  });

  it('count a lease that is released twice once', async () => {
    const [one, other] = [await acquire('a'), await acquire('a')];
    one.release();
    one.release();
    loaded.drain('sha256:a');
    await turn();
    expect(processes.versions()).toEqual(['a']);
    other.release();
    await turn();
    expect(processes.versions()).toEqual([]);
  });

  it('make room for another by closing who was used the longest time ago', async () => {
    for (const name of ['a', 'b', 'a', 'c']) (await acquire(name)).release();
    expect(processes.versions()).toEqual(['a', 'c']);
  });

  it('make room at the cost of the challenger rather than not at all, and never of the champion', async () => {
    kept = { 'sha256:a': 'always', 'sha256:b': 'if-there-is-room' };
    for (const name of ['a', 'b', 'c']) (await acquire(name)).release();
    expect(processes.versions()).toEqual(['a', 'c']);
    (await acquire('b')).release();
    expect(processes.versions()).toEqual(['a', 'b']);
  });

  it('are never more than the limit at once, starting and closing ones included', async () => {
    let most = 0;
    processes.before = async () => {
      most = Math.max(most, processes.running.length + 1);
      await turn();
    };
    for (const name of ['a', 'b', 'c', 'd', 'a']) (await acquire(name)).release();
    expect(most).toBe(2);
  });

  it('are refused as busy when as many are at work, but for a promotion', async () => {
    const first = await acquire('a');
    await acquire('b');
    expect(await codeOf(() => acquire('c'))).toBe('busy');
    const promoted = await acquire('c', { beyondLimit: true });
    expect(processes.versions()).toEqual(['a', 'b', 'c']);
    first.release();
    promoted.release();
    (await acquire('d')).release();
    expect(processes.versions()).toEqual(['b', 'd']);
  });

  it('drain: who holds one keeps it, and it closes with the last', async () => {
    const lease = await acquire('a');
    loaded.drain('sha256:a');
    expect(processes.versions()).toEqual(['a']);
    lease.release();
    await turn();
    expect(processes.versions()).toEqual([]);
    loaded.drain('sha256:never-loaded');
  });

  it('tell all who wait when a start fails, and start again for the next', async () => {
    processes.before = async () => {
      throw new Error('no memory');
    };
    const waiting = await Promise.all([codeOf(() => acquire('a')), codeOf(() => acquire('a'))]);
    expect(waiting).toEqual(['Error: no memory', 'Error: no memory']);
    processes.before = async () => {};
    await acquire('a');
    expect(processes.starts).toEqual(['a', 'a']);
  });

  it('start for the others when one who waits gives up', async () => {
    let go = () => {};
    processes.before = () => new Promise((resolve) => (go = resolve));
    const controller = new AbortController();
    const gone = codeOf(() => loaded.acquire(version('a'), controller.signal));
    const other = acquire('a');
    await turn();
    controller.abort(new Error('gone'));
    expect(await gone).toBe('Error: gone');
    go();
    const lease = await other;
    loaded.drain('sha256:a');
    expect(processes.versions()).toEqual(['a']);
    lease.release();
    await turn();
    expect(processes.versions()).toEqual([]);
  });

  it('are not closed by the time that ran for a start that failed', async () => {
    let fail = () => {};
    processes.before = () =>
      new Promise((_, reject) => {
        fail = () => reject(new Error('no memory'));
      });
    const controller = new AbortController();
    const gone = codeOf(() => loaded.acquire(version('a'), controller.signal));
    await turn();
    controller.abort(new Error('gone'));
    expect(await gone).toBe('Error: gone');
    fail();
    await turn();
    processes.before = async () => {};
    await acquire('a');
    timers.pass(1000);
    await turn();
    expect(processes.versions()).toEqual(['a']);
    expect(loaded.isHeld('sha256:a')).toBe(true);
  });

  it('are again no more than the limit as soon as somebody lets go', async () => {
    await acquire('a');
    const b = await acquire('b');
    await acquire('c', { beyondLimit: true });
    b.release();
    await turn();
    expect(processes.versions()).toEqual(['a', 'c']);
  });

  it('are loaded again when their process crashed while nobody held it', async () => {
    (await acquire('a')).release();
    const [crashed] = processes.running;
    if (crashed) crashed.inference.alive = false;
    expect(loaded.isRunning('sha256:a')).toBe(false);
    await acquire('a');
    expect(loaded.isRunning('sha256:a')).toBe(true);
    expect(processes.starts).toEqual(['a', 'a']);
  });

  it('are not taken from who holds them when their process crashed: it starts another itself', async () => {
    await acquire('a');
    const [crashed] = processes.running;
    if (crashed) crashed.inference.alive = false;
    await acquire('a');
    expect(processes.starts).toEqual(['a']);
  });

  it('all close in the end, those that only start too', async () => {
    await acquire('a');
    processes.before = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    const starting = codeOf(() => acquire('b'));
    await turn();
    await loaded.close();
    expect(await starting).toBe('unavailable');
    expect(processes.versions()).toEqual([]);
    expect(await codeOf(() => acquire('a'))).toBe('unavailable');
  });
});

/** What a night leaves when it is killed, or its disk is full, between any two of its writes and calls. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failSmoke, fullDisk, once, raise, stage, type Staged } from './night.fixture.ts';
import type { Night } from './types.ts';

let staged: Staged;
beforeEach(async () => {
  staged = await stage();
});
afterEach(() => staged.remove());

const version = '0.1.2026112401';
const serving = () => staged.registry.now().champion.version;

interface Kept {
  readonly point: string;
  readonly restore: () => Promise<void>;
}

const withoutTimes = ({ steps, ...night }: Night) => ({
  ...night,
  steps: steps.map(({ step, summary, data }) => ({
    step,
    summary: summary.replace(' (it was uploaded already)', ''),
    data: { ...data, created: undefined, seconds: undefined },
  })),
});

/** Of everything that a kill would leave. */
async function stateNow(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(staged.registry.state));
  const names = await readdir(staged.config.directory, { recursive: true }).catch(() => []);
  for (const name of names.toSorted()) {
    const file = join(staged.config.directory, name);
    hash.update(name);
    if ((await stat(file)).isFile()) hash.update(await readFile(file));
  }
  return hash.digest('hex');
}

describe('killed anywhere and started again', { timeout: 120_000 }, () => {
  it.each<[string, () => void, string, readonly string[]]>([
    ['is promoted once', () => {}, 'promoted', [`challenge ${version}`, `promote ${version}`]],
    ['is kept', () => void (staged.voi = 2), 'kept', [`challenge ${version}`]],
    [
      'is rolled back once',
      () => failSmoke(staged),
      'rolled-back',
      [`challenge ${version}`, `promote ${version}`, `rollback ${version}`],
    ],
  ])('the same night %s', async (_what, prepare, outcome, moves) => {
    prepare();
    const kept: Kept[] = [];
    let last = '';
    staged.at = async (point) => {
      const now = await stateNow();
      if (now !== last) kept.push({ point, restore: await staged.snapshot() });
      last = now;
    };
    const whole = await staged.run();
    expect(whole.outcome).toBe(outcome);
    const [night, state] = [await staged.night(), staged.registry.state];
    staged.at = () => undefined;
    expect(kept.length).toBeGreaterThan(20);
    for (const { point, restore } of kept) {
      await restore();
      const ended = (await staged.night().catch(() => undefined))?.end !== undefined;
      if (ended) continue;
      expect(await staged.run(), point).toEqual(whole);
      expect(staged.registry.state, point).toEqual(state);
      expect(staged.registry.state.moves, point).toEqual(moves);
      const again = await staged.night();
      expect(withoutTimes(again), point).toEqual(withoutTimes(night));
    }
    expect(await staged.run()).toMatchObject({ outcome: 'nothing-new' });
  });

  it('tests first what was promoted, even if settings and manifest are broken by now', async () => {
    let restore: (() => Promise<void>) | undefined;
    once(staged, 'after promoteModel', async () => void (restore = await staged.snapshot()));
    await staged.run();
    await restore?.();
    staged.points.length = 0;
    staged.tools.readManifest = raise(new Error('not to be read'));
    const config = { ...staged.config, gate: { voi: { margin: 1 } } };
    expect(await staged.run({ config })).toMatchObject({ outcome: 'promoted' });
    expect(staged.points.filter((point) => point.startsWith('before') && point !== 'before write')).toEqual(
      [
        'before deployment', // who is champion: the one that this night promoted
        'before deployment',
        'before segment',
        'before segmentHere',
        'before writeReport',
        'before latest',
      ]
        .toSpliced(4, 0, 'before seen')
        .toSorted(() => 0),
    );
  });
});

describe('a full disk', () => {
  it('at any write of the night itself, and from then on: nothing is promoted untested, and the next call ends the same', async () => {
    const whole = await staged.run();
    const writes = staged.points.filter((point) =>
      /^before (write|seen|latest|writeReport)$/.test(point),
    ).length;
    for (let n = 0; n < writes; n++) {
      await staged.remove();
      staged = await stage();
      let count = 0;
      staged.at = (point) => {
        if (/^before (write|seen|latest|writeReport)$/.test(point) && count++ >= n) throw fullDisk();
      };
      const end = await staged.run();
      expect(end, String(n)).toMatchObject({ outcome: 'failed', exitCode: 1, ended: false });
      expect(end.reason, String(n)).toContain('There is no room left in');
      if (serving() === version) expect(staged.points, String(n)).toContain('after segment');
      staged.at = () => undefined;
      expect((await staged.run()).outcome, String(n)).toBe(whole.outcome);
      expect(staged.registry.state.moves, String(n)).toEqual([`challenge ${version}`, `promote ${version}`]);
    }
    expect(writes).toBeGreaterThan(10);
  }, 60_000);
});

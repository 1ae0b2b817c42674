/** What a night refuses, and what it does without room, time or a registry: nothing is promoted, the champion serves. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  annotate,
  configure,
  prepare,
  reportOf,
  retrain,
  startApi,
  temporaryPlace,
  tokenunify,
  writeVolume,
  type Api,
  type Ended,
  type Line,
  type Place,
  type Settings,
} from './night.fixture.ts';

let place: Place;
let api: Api;
let champion: string;
beforeAll(async () => {
  place = await temporaryPlace();
  await prepare(place);
  await writeVolume(place, 'other', [64, 64, 64], 7);
  await annotate(place, place.at('annotations.json'), { volume: 'train', split: 'train' });
  await annotate(place, place.at('annotations.json'), { volume: 'held-out', split: 'held-out' });
  api = await startApi(place.at('data'), place.at('first'));
  champion = (await api.client.deployment()).champion.digest;
}, 300_000);
afterAll(async () => {
  await api?.stop();
  await place?.remove();
});

const config = (settings: Settings = {}) => configure(place, 'nightly.json', api.url, settings);

async function nothingPromoted(): Promise<void> {
  const { champion: now, history } = await api.client.deployment();
  expect(now.digest).toBe(champion);
  expect(history.filter(({ kind }) => kind === 'promote')).toEqual([]);
  expect((await api.client.segment(await readFile(place.at('reference.npy')))).model).toBe(champion);
}

const reasonOf = ({ result }: Ended): string => String(result?.['reason'] ?? result?.['message']);

describe('a manifest', { timeout: 120_000 }, () => {
  it.each<[string, (entries: Record<string, unknown>[]) => void | Promise<void>, RegExp]>([
    [
      'with a missing file',
      ([entry]) => void (entry!['raw'] = 'absent.npy'),
      /^Entry 1 \(absent\.npy\) of .*annotations-bad\.json/,
    ],
    ['without labels', ([entry]) => void delete entry!['labels'], /^Entry 1 .*labels/],
    [
      'with labels without raw',
      ([entry]) => void delete entry!['raw'],
      /^Entry 1 of .*annotations-bad\.json .*raw/,
    ],
    [
      'with a changed checksum',
      ([entry]) => void (entry!['labels'] = 'other-labels.npy'),
      /^Entry 1 \(.*train\.npy\) of .* has other voxels than when it was added: expected sha256 \w+, found \w+/,
    ],
    [
      'that trains on what it holds out',
      (entries) => void entries.push({ ...entries[1], split: 'train' }),
      /held-out/,
    ],
  ])('%s is refused with exit code 2, naming the entry and the remedy', async (_what, change, message) => {
    const entries = JSON.parse(await readFile(place.at('annotations.json'), 'utf8')) as Record<
      string,
      unknown
    >[];
    await change(entries);
    await writeFile(place.at('annotations-bad.json'), JSON.stringify(entries));
    const ended = await retrain(await config({ manifest: 'annotations-bad.json' }));
    expect(ended).toMatchObject({ code: 2, result: { outcome: 'failed', exitCode: 2 } });
    expect(reasonOf(ended)).toMatch(message);
    expect(ended.stderr).toBe('');
    expect(await reportOf(place)).toMatchObject({ outcome: 'failed', reason: reasonOf(ended) });
    await nothingPromoted();
  });
});

describe('a night', { timeout: 300_000 }, () => {
  it('is checked without doing anything', async () => {
    const ended = await tokenunify(['retrain', '--check', '--config', await config()]);
    expect(ended.code).toBe(0);
    expect(reasonOf(ended)).toMatch(
      /^The night would train from .* on 1 annotations, 1 of them new, and compare on 1 held out\.$/,
    );
    await nothingPromoted();
  });

  it('whose registry is down ends with exit code 3 before any training', async () => {
    const down = await configure(place, 'down.json', 'http://127.0.0.1:9', {
      server: { url: 'http://127.0.0.1:9', patienceSeconds: 1 },
      directory: 'nightly-down',
    });
    const ended = await retrain(down);
    expect(ended).toMatchObject({ code: 3, result: { outcome: 'failed' } });
    expect(reasonOf(ended)).toContain('The registry at http://127.0.0.1:9 was not reached');
    expect(await tokenunify(['retrain', '--check', '--config', down])).toMatchObject({ code: 3 });
  });

  it('with a wrong setting ends with exit code 2 and names it', async () => {
    const ended = await retrain(await config({ training: { stepps: 3 } }));
    expect(ended.code).toBe(2);
    expect(reasonOf(ended)).toContain('training.stepps is no setting; did you mean training.steps?');
  });

  it('that loses its registry in the middle can be gone on with when it is back', async () => {
    const data = place.at('data-lost');
    const lost = await startApi(data, place.at('first'));
    const port = Number(new URL(lost.url).port);
    const settings = {
      server: { url: lost.url, patienceSeconds: 2 },
      directory: 'nightly-lost',
      training: { steps: 2 },
      gate: { voi: { margin: -1 } },
    };
    const file = await configure(place, 'lost.json', lost.url, settings);
    let ended = await retrain(file, {
      heard: ({ stage }: Line) => void (stage === 'train' && lost.process.kill('SIGKILL')),
    });
    expect(ended).toMatchObject({ code: 3, result: { outcome: 'failed', resumable: true } });
    const back = await startApi(data, place.at('first'), port);
    ended = await retrain(file);
    expect(ended.lines.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^Going on with night /),
    );
    expect(ended).toMatchObject({ code: 0, result: { outcome: 'promoted' } });
    await back.stop();
  });

  it('refuses a second one with exit code 6; its deadline is exit code 5, Ctrl-C 130, and each can be gone on with', async () => {
    const settings = { directory: 'nightly-twice', training: { steps: 400, checkpointEvery: 1 } };
    const file = await config(settings);
    let second: Promise<Ended> | undefined;
    const first = await retrain(file, {
      heard: ({ stage }, child) => {
        if (stage !== 'train' || second) return;
        second = retrain(file);
        void second.then(() => child.kill('SIGINT'));
      },
    });
    expect(await second).toMatchObject({ code: 6 });
    expect(reasonOf((await second)!)).toMatch(/^Another night runs in .*nightly-twice \(process \d+ on /);
    expect(first.code).toBe(130);
    const late = await retrain(await config({ ...settings, deadlineMinutes: 0.2 }));
    expect(late).toMatchObject({ code: 5, result: { outcome: 'deadline', resumable: true } });
    expect(await reportOf(place, 'nightly-twice')).toMatchObject({ outcome: 'deadline' });
    await nothingPromoted();
  });

  it('without room says so, promotes nothing, and goes on when there is some', async () => {
    const small = place.at('small');
    await mkdir(small);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small], { stdio: 'pipe' });
    } catch (error) {
      console.log(`SKIPPED: a small file system cannot be mounted here (${String(error).split('\n')[0]})`);
      return;
    }
    try {
      const file = await config({ directory: 'small/nightly', training: { steps: 2, checkpointEvery: 1 } });
      const ended = await retrain(file);
      expect({ code: ended.code, result: ended.result }).toMatchObject({
        code: 1,
        result: { outcome: 'failed', resumable: true },
      });
      expect(reasonOf(ended)).toContain(`There is no room left in ${small}`);
      expect(reasonOf(ended)).toContain('Nothing was promoted, and the champion keeps serving.');
      await nothingPromoted();
      execFileSync('mount', ['-o', 'remount,size=200m', small], { stdio: 'pipe' });
      const again = await retrain(file);
      expect(again.code).toBe(0);
      expect(again.lines.map(({ text }) => text)).toContainEqual(
        expect.stringMatching(/^Going on with night /),
      );
    } finally {
      execFileSync('umount', [small]);
    }
  });
});

import { existsSync } from 'node:fs';
import { readdir, truncate } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../testing.fixture.ts';
import type { CompareModels } from '../types.ts';
import { annotated, fakeModel, fakeTools, silent } from './compare.fixture.ts';
import { compareModels } from './index.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let options: CompareModels;
beforeEach(async () => {
  directory = await temporaryDirectory();
  options = {
    champion: fakeModel('1.0.0'),
    challenger: fakeModel('2.0.0'),
    annotations: await annotated(directory.join),
    signal: new AbortController().signal,
    reporter: silent,
  };
});
afterEach(() => directory.remove());

describe('a comparison', () => {
  it('scores each box and all of them, with the worst neurons and where they lie', async () => {
    const { boxes, pooled, worst } = await compareModels(options, fakeTools());
    expect(boxes.map(({ annotation, voxels }) => [annotation, voxels])).toEqual([
      ['key-1', 24 * 20 * 48],
      ['key-2', 22 * 20 * 30],
    ]);
    // the blind model joins everything, the other sees the membranes
    for (const { champion, challenger } of [...boxes, pooled]) {
      expect(champion.voiSplit).toBeCloseTo(0, 12);
      expect(champion.voiMerge).toBeGreaterThan(1);
      expect(challenger.voi).toBeLessThan(champion.voi / 2);
      expect(challenger.adaptedRand!).toBeLessThan(champion.adaptedRand!);
    }
    const n = boxes.reduce((sum, { voxels }) => sum + voxels, 0);
    const mean = boxes.reduce((sum, { voxels, champion }) => sum + (voxels / n) * champion.voi, 0);
    expect(pooled.champion.voi).toBeCloseTo(mean, 10); // boxes share no neuron
    const bits = worst.reduce((sum, { champion }) => sum + champion.split + champion.merge, 0);
    expect(bits).toBeGreaterThan(0.5 * pooled.champion.voi);
    expect(bits).toBeLessThanOrEqual(pooled.champion.voi + 1e-9);
    for (const { neuron, at, box, picture } of worst) {
      expect(neuron).toBeGreaterThan(1000);
      at!.forEach((place, axis) => {
        expect(place).toBeGreaterThanOrEqual(box.start[axis]!);
        expect(place).toBeLessThan(box.stop[axis]!);
      });
      expect(Buffer.from(picture!, 'base64').subarray(1, 4).toString()).toBe('PNG');
    }
    const losses = worst.map(({ challenger: { split, merge } }) => split + merge);
    expect(losses).toEqual(losses.toSorted((a, b) => b - a));
  });

  it('is the same again, whatever was cached, and leaves no cache', async () => {
    const cache = directory.join('cache');
    const once = await compareModels(options, fakeTools());
    const again = await compareModels({ ...options, cache }, fakeTools());
    expect(again).toEqual(once);
    expect(existsSync(cache)).toBe(false);
  });

  it('tells how far it is, in tiles of both models', async () => {
    const done: number[] = [];
    const totals = new Set<number>();
    const reporter = {
      ...silent,
      progress: (line: { done: number; total: number }) => {
        done.push(line.done);
        totals.add(line.total);
      },
    };
    await compareModels({ ...options, reporter }, fakeTools());
    expect(totals.size).toBe(1);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(done.at(-1)).toBe([...totals][0]);
  });
});

describe('a comparison that was ended', () => {
  it('goes on with the box that was not done, and closes its processes', async () => {
    const cache = directory.join('cache');
    const stop = new AbortController();
    const ran: string[] = [];
    const reporter = {
      ...silent,
      progress: ({ detail }: { detail?: string }) => detail && stop.abort(new Error('enough')),
    };
    const ended = compareModels({ ...options, cache, signal: stop.signal, reporter }, fakeTools(ran));
    await expect(ended).rejects.toThrow('enough');
    expect(ran.slice(-2).toSorted()).toEqual(['closed 1.0.0', 'closed 2.0.0']);
    const [one, other] = await readdir(cache);
    expect([one, other].every((name) => /^[0-9a-f]{64}\.labels$/.test(name!))).toBe(true);
    const whole: string[] = [];
    const expected = await compareModels(options, fakeTools(whole));
    const rest: string[] = [];
    expect(await compareModels({ ...options, cache }, fakeTools(rest))).toEqual(expected);
    const timed = 2 + 4 * 5; // warm-up and rounds
    const tiles = (runs: readonly string[]) => runs.length - timed - 2; // less the two closings
    expect(tiles(rest)).toBeGreaterThan(0);
    expect(tiles(rest)).toBeLessThan(0.7 * tiles(whole));
  });

  it('makes labels again that were cut off', async () => {
    const cache = directory.join('cache');
    const stop = new AbortController();
    const reporter = { ...silent, progress: ({ detail }: { detail?: string }) => detail && stop.abort() };
    const ended = compareModels({ ...options, cache, signal: stop.signal, reporter }, fakeTools());
    await expect(ended).rejects.toThrow();
    for (const name of await readdir(cache)) await truncate(`${cache}/${name}`, 100);
    expect(await compareModels({ ...options, cache }, fakeTools())).toEqual(
      await compareModels(options, fakeTools()),
    );
  });
});

describe('a comparison is refused', () => {
  it.each([
    [{ tileShape: [16, 16, 32] as const }, /has the tile 16 x 16 x 32, the champion .* has 16 x 16 x 16/],
    [{ minimumShape: [8, 4, 4] as const }, /has the smallest volume 8 x 4 x 4/],
    [{ inputScale: { offset: 3, scale: 1 / 255 } }, /has the input scaling \(v - 3\)/],
  ])('of models that do not see the same voxels: %j', async (change, message) => {
    const ran: string[] = [];
    const challenger = fakeModel('2.0.0', change);
    const refused = compareModels({ ...options, challenger }, fakeTools(ran));
    await expect(refused).rejects.toMatchObject({
      code: 'trainer/data',
      message: expect.stringMatching(message),
    });
    await expect(refused).rejects.toThrow('npx tokenunify evaluate');
    expect(ran).toEqual([]);
  });

  it('without a held-out annotation', async () => {
    await expect(compareModels({ ...options, annotations: [] }, fakeTools())).rejects.toThrow(
      '--split held-out',
    );
  });

  it('uses the champion’s post-processing for both, and says so', async () => {
    const notes: string[] = [];
    const reporter = { ...silent, note: (text: string) => void notes.push(text) };
    const other = { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.01 } };
    const challenger = fakeModel('2.0.0', { postprocessing: other });
    const compared = await compareModels({ ...options, challenger, reporter }, fakeTools());
    expect(compared.pooled).toEqual((await compareModels(options, fakeTools())).pooled);
    expect(notes).toEqual([
      "The models carry different post-processing; both are compared with the champion's.",
    ]);
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { readCheckpoint, readModelPackage } from '@tokenunify/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isCommandError } from '../../../errors.ts';
import type { Reporter } from '../../../progress/reporter.ts';
import { exportChallenger, trainChallenger, type TrainChallengerOptions } from './index.ts';
import { nightFixture, quiet, training, type NightFixture } from './night.fixture.ts';

let night: NightFixture;
/** A run that nothing disturbed. */
let whole: string;
beforeAll(async () => {
  night = await nightFixture();
  whole = night.join('whole');
  expect(await train({ directory: whole })).toEqual({
    checkpoint: night.join('whole', 'checkpoint-000002.safetensors'),
    finished: true,
  });
}, 120_000);
afterAll(() => night.remove());

const train = (options: Partial<TrainChallengerOptions> & { readonly directory: string }) =>
  trainChallenger({
    annotations: night.annotations,
    from: night.champion.checkpointPath!,
    champion: night.champion,
    training,
    signal: new AbortController().signal,
    reporter: quiet,
    ...options,
  });

/** Aborts as soon as a step is done. */
function stoppingAfterAStep() {
  const controller = new AbortController();
  const reporter: Reporter = { ...quiet, progress: () => controller.abort(new Error('time is over')) };
  return { signal: controller.signal, reporter };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'accepted',
    (caught: unknown) => caught,
  );
  if (!isCommandError(error)) throw new Error(`expected a refusal, got ${String(error)}`);
  return error.message;
}

const same = (a: string, b: string): boolean => readFileSync(a).equals(readFileSync(b));
const files = ['checkpoint-000002.safetensors', 'last.safetensors'];

const once = { ...training, steps: 1 };

describe('a night trains', { timeout: 120_000 }, () => {
  it('from the champion, so that its weights are others, but not far away', async () => {
    const before = (await readCheckpoint(night.champion.checkpointPath!)).weights;
    const { weights, state } = await readCheckpoint(night.join('whole', files[0]!));
    expect(state).toMatchObject({
      command: 'finetune',
      preset: 'nano',
      step: 2,
      champion: night.champion.digest,
    });
    let [moved, furthest] = [0, 0];
    for (const [name, { data }] of weights)
      data.forEach((value, i) => {
        const distance = Math.abs(value - before.get(name)!.data[i]!);
        if (distance > 0) moved++;
        furthest = Math.max(furthest, distance);
      });
    expect(moved).toBeGreaterThan(1000);
    expect(furthest).toBeLessThan(0.02);
  });

  it('to the same weights, byte by byte, when it was stopped after every step', async () => {
    const directory = night.join('stopped');
    let stops = 0;
    for (; ; stops++) {
      const { finished, checkpoint } = await train({ directory, ...stoppingAfterAStep() });
      expect(existsSync(checkpoint)).toBe(true);
      if (finished) break;
    }
    expect(stops).toBe(1);
    for (const file of files)
      expect(same(night.join('stopped', file), night.join('whole', file)), file).toBe(true);
  });

  it('on after a kill in the middle of a write, to the same weights', async () => {
    const directory = night.join('killed');
    await train({ directory, ...stoppingAfterAStep() });
    // what is left when the weights for use were written, and the state to go on from only in part
    await cp(night.join('whole', files[0]!), night.join('killed', files[0]!));
    writeFileSync(night.join('killed', 'last.safetensors.partial'), 'half');
    writeFileSync(night.join('killed', 'checkpoint-000002.safetensors.partial'), 'half');
    await train({ directory });
    for (const file of files)
      expect(same(night.join('killed', file), night.join('whole', file)), file).toBe(true);
    expect((await readdir(directory)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('from the start when what it would go on from is damaged, and says so', async () => {
    const directory = night.join('damaged');
    const { checkpoint } = await train({ directory, training: once });
    const before = readFileSync(checkpoint);
    writeFileSync(night.join('damaged', 'last.safetensors'), 'damaged');
    const notes: string[] = [];
    const reporter = { ...quiet, note: (text: string) => void notes.push(text) };
    await train({ directory, training: once, reporter });
    expect(notes[0]).toMatch(/last\.safetensors is not a readable checkpoint.*The training begins again\.$/);
    expect(readFileSync(checkpoint).equals(before)).toBe(true);
  });

  it('no more once it has finished: it is answered at once, without weights or an engine', async () => {
    const notes: string[] = [];
    await cp(whole, night.join('finished'), { recursive: true });
    const { checkpoint, finished } = await train({
      directory: night.join('finished'),
      from: night.join('nowhere.safetensors'),
      reporter: { ...quiet, note: (text) => void notes.push(text) },
    });
    expect({ finished, notes }).toEqual({ finished: true, notes: [] });
    expect(same(checkpoint, night.join('whole', files[0]!))).toBe(true);
  });

  it('not at all when it was cancelled before', async () => {
    const reason = new Error('time is over');
    const signal = AbortSignal.abort(reason);
    await expect(train({ directory: night.join('never'), signal })).rejects.toBe(reason);
    expect(existsSync(night.join('never'))).toBe(false);
  });

  it('more on new annotations, where that is asked for', async () => {
    const newWeight = { weight: 1e9, keys: ['key-2'] };
    const short = { training: once };
    const both = await train({ directory: night.join('weighted'), newWeight, ...short });
    const alone = night.annotations.slice(1);
    const only = await train({ directory: night.join('alone'), annotations: alone, ...short });
    const weights = async (file: string) => (await readCheckpoint(file)).weights;
    expect(await weights(both.checkpoint)).toEqual(await weights(only.checkpoint));
  });
});

describe('a night refuses', { timeout: 60_000 }, () => {
  it('an annotation that is smaller than a crop, by its number', async () => {
    const crop = [16, 16, 32] as const;
    const directory = night.join('refused');
    expect(await refusal(train({ directory, training: { ...training, crop } }))).toMatch(
      /^Annotation 1 \(.*raw-1\.zarr\) has 24 voxels on axis x of the box, a crop needs 32; choose a larger box or smaller crops\.$/,
    );
    expect(existsSync(directory)).toBe(false);
  });

  it('a champion whose grey values are scaled otherwise', async () => {
    const champion = { ...night.champion, inputScale: { offset: 128, scale: 1 / 50 } };
    expect(await refusal(train({ directory: night.join('refused'), champion }))).toMatch(
      /scales its input by \(v - 128\) \* 0\.02/,
    );
  });

  it('a directory in which another night trained', async () => {
    const others = night.annotations.toReversed();
    expect(await refusal(train({ directory: whole, annotations: others }))).toMatch(
      /was started with another raw/,
    );
  });
});

describe('a challenger', { timeout: 60_000 }, () => {
  const exported = (directory: string, change: Partial<Parameters<typeof exportChallenger>[0]> = {}) =>
    exportChallenger({
      checkpoint: night.join('whole', files[0]!),
      directory,
      name: 'TokenUnify nightly',
      version: '1.0.1',
      timestamp: '2026-11-25T01:00:00Z',
      champion: night.champion,
      annotations: night.annotations,
      training,
      signal: new AbortController().signal,
      reporter: quiet,
      ...change,
    });

  it('is the champion with other weights, and the night in its history', async () => {
    const { champion } = night;
    const challenger = await exported(night.join('challenger'));
    for (const field of [
      'preset',
      'tileShape',
      'minimumShape',
      'inputScale',
      'voxelSize',
      'postprocessing',
      'license',
      'description',
      'opsetVersion',
    ] as const)
      expect(challenger[field], field).toEqual(champion[field]);
    expect(challenger).toMatchObject({ name: 'TokenUnify nightly', version: '1.0.1' });
    expect(challenger.files['model.onnx']).not.toBe(champion.files['model.onnx']);
    expect((await readCheckpoint(challenger.checkpointPath!)).weights).toEqual(
      (await readCheckpoint(night.join('whole', files[0]!))).weights,
    );
    expect(challenger.training).toEqual([
      ...(champion.training as object[]),
      {
        command: 'retrain',
        settings: {
          ...{ command: 'retrain', preset: 'nano', from: champion.digest },
          raw: ['raw-1.zarr', 'raw-2.zarr'],
          labels: ['labels-1.npy', 'labels-2.npy'],
          box: ['0:16,0:20,0:24', '0:20,0:16,0:18'],
          sha256: night.annotations.map(({ sha256 }) => sha256),
          ...{ crop: [16, 16, 16], batch: 1, steps: 2, seed: 1, rate: 1e-3, erode: true, isotropic: true },
        },
        engine: 'cpu',
        steps: 2,
        finalLosses: { total: expect.any(Number) },
      },
    ]);
    expect((challenger.cite as { text: string }[]).map(({ text }) => text.split(' ')[0])).toEqual([
      'TokenUnify',
      'Chen',
    ]);
  });

  it('that is exported again, or from a night that was stopped, has the same digest', async () => {
    const { digest } = await exported(night.join('first'));
    expect((await exported(night.join('first'))).digest).toBe(digest);
    const stopped = { checkpoint: night.join('stopped', files[0]!) };
    expect((await exported(night.join('second'), stopped)).digest).toBe(digest);
  });

  it('can be the champion of the next night', async () => {
    const champion = await readModelPackage(night.join('challenger'));
    const from = champion.checkpointPath!;
    const { checkpoint } = await train({
      directory: night.join('second-night'),
      champion,
      from,
      training: once,
    });
    const next = await exported(night.join('second-challenger'), { champion, checkpoint, version: '1.0.2' });
    expect((next.training as { command: string }[]).map(({ command }) => command)).toEqual([
      'pretrain',
      'retrain',
      'retrain',
    ]);
  });

  it('tells of the last twenty nights, and of what was before them', async () => {
    const [pretrained] = night.champion.training as object[];
    const retrained = { ...pretrained, command: 'retrain' };
    const champion = { ...night.champion, training: [pretrained, ...Array(30).fill(retrained)] };
    const { training } = await exported(night.join('thirty'), { champion });
    expect((training as { command: string }[]).map(({ command }) => command)).toEqual([
      'pretrain',
      ...Array(20).fill('retrain'),
    ]);
  });

  it('is not made of a checkpoint of something else', async () => {
    const { champion } = night;
    const checkpoint = champion.checkpointPath!;
    expect(await refusal(exported(night.join('refused'), { checkpoint }))).toMatch(/is not of a night that/);
    const other = { champion: { ...champion, digest: 'sha256:00' } as const };
    expect(await refusal(exported(night.join('refused'), other))).toMatch(/is not of a night that/);
    expect(existsSync(night.join('refused'))).toBe(false);
  });
});

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { readCheckpoint, type Checkpoint } from '@tokenunify/model';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isCommandError } from './errors.ts';
import { RunDirectory } from './run-directory.ts';
import { temporaryDirectory } from './testing.fixture.ts';

const settings = {
  command: 'pretrain',
  preset: 'nano',
  raw: ['a.h5', 'b.h5'],
  box: null,
  steps: 10,
  rate: 2e-3,
};
let parent: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;
let next = 0;
beforeAll(async () => void (parent = await temporaryDirectory()));
beforeEach(() => void (path = parent.join(`run-${next++}`)));
afterAll(() => parent.remove());

async function begun(with_: Record<string, unknown> = settings): Promise<RunDirectory> {
  const run = await RunDirectory.open(path, with_, false);
  await run.begin();
  return run;
}

async function refusal(what: Promise<unknown>): Promise<string> {
  try {
    await what;
  } catch (error) {
    if (isCommandError(error, 'trainer/run')) return error.message.replaceAll(path, 'RUN');
    throw error;
  }
  return 'accepted';
}

const weights = (value: number) =>
  new Map([['a.weight', { shape: [2], data: Float32Array.of(value, value) }]]);
const checkpoint: Checkpoint = {
  weights: weights(1),
  average: weights(2),
  optimizer: { step: 7, moments: weights(3) },
  state: { step: 7, preset: 'nano' },
};

describe('a run directory', () => {
  it('is not there before the run begins', async () => {
    await RunDirectory.open(path, settings, false);
    expect(existsSync(path)).toBe(false);
    await begun();
    expect(JSON.parse(readFileSync(`${path}/run.json`, 'utf8'))).toEqual(settings);
  });

  it('is for one run: another one is refused', async () => {
    await begun();
    expect(await refusal(RunDirectory.open(path, settings, false))).toBe(
      'RUN already holds a run; pass --resume to go on with it, or choose another --out.',
    );
  });

  it('can be gone on with under the same settings, also before its first checkpoint', async () => {
    await begun();
    const run = await RunDirectory.open(path, settings, true);
    expect(await run.last()).toBeUndefined();
    await run.save(checkpoint, 7);
    expect(await (await RunDirectory.open(path, settings, true)).last()).toEqual(checkpoint);
  });

  it('may be new when resuming, so that one command line starts and goes on', async () => {
    const run = await RunDirectory.open(path, settings, true);
    await run.begin();
    expect(await readdir(path)).toEqual(['run.json']);
  });

  it.each([
    [{ ...settings, steps: 20 }, 'another steps, 10 instead of 20'],
    [{ ...settings, rate: 1e-3 }, 'another rate, 0.002 instead of 0.001'],
    [{ ...settings, raw: ['a.h5'] }, 'another raw, ["a.h5","b.h5"] instead of ["a.h5"]'],
    [{ ...settings, box: ':,:118,:' }, 'another box, null instead of ":,:118,:"'],
    [{ ...settings, crops: [16, 16, 16] }, 'another crops, none instead of [16,16,16]'],
    [{ ...settings, steps: undefined }, 'another steps, 10 instead of none'],
  ])('names the setting that a resumed run has changed: %j', async (changed, what) => {
    await begun();
    expect(await refusal(RunDirectory.open(path, changed, true))).toBe(
      `RUN was started with ${what}; resume with the same settings, or choose another --out.`,
    );
  });

  it('of before there was a setting is gone on with when the setting is what was usual then', async () => {
    await begun();
    const usual = { config: { recompute: false, optimizer: { betas: [0.9, 0.95], clipNorm: 1 } } };
    const open = (config: object) => refusal(RunDirectory.open(path, { ...settings, config }, true, usual));
    expect(await open(usual.config)).toBe('accepted');
    expect(await open({ ...usual.config, optimizer: { betas: [0.9, 0.95], clipNorm: 5 } })).toBe(
      'RUN was started with another config.optimizer.clipNorm, 1 instead of 5; resume with the same settings, or choose another --out.',
    );
    expect(await RunDirectory.settingsOf(path)).toEqual(settings);
    expect(await RunDirectory.settingsOf(`${path}-absent`)).toBeUndefined();
  });

  it('says when its settings are lost', async () => {
    await begun();
    writeFileSync(`${path}/run.json`, '{"command": "pre');
    expect(await refusal(RunDirectory.open(path, settings, true))).toBe(
      'RUN/run.json is not readable JSON, so what the run was started with is lost; choose another --out.',
    );
  });

  it('keeps all of a checkpoint to go on from, and the averaged weights to use', async () => {
    const run = await begun();
    const usable = await run.save(checkpoint, 7);
    expect(usable).toBe(`${path}/checkpoint-000007.safetensors`);
    expect(await readCheckpoint(`${path}/last.safetensors`)).toEqual(checkpoint);
    expect(await readCheckpoint(usable)).toEqual({ weights: weights(2), state: checkpoint.state });
    expect((await readdir(path)).toSorted()).toEqual([
      'checkpoint-000007.safetensors',
      'last.safetensors',
      'run.json',
    ]);
  });

  it('has the weights for use of every state that it can be gone on from, wherever a kill falls', async () => {
    const run = await begun();
    await run.save(checkpoint, 7);
    // the state to go on from cannot be replaced: as if killed before
    mkdirSync(`${path}/last.safetensors.partial`);
    await expect(run.save({ ...checkpoint, state: { step: 8 } }, 8)).rejects.toThrow();
    expect((await run.last())?.state['step']).toBe(7);
    expect(existsSync(run.usable(7))).toBe(true);
    expect(existsSync(run.usable(8))).toBe(true);
  });

  it('is begun again after a kill while its settings were written', async () => {
    mkdirSync(path);
    writeFileSync(`${path}/run.json.0a1b2c3d.partial`, '{"command": "pre');
    await (await RunDirectory.open(path, settings, true)).begin();
    expect(JSON.parse(readFileSync(`${path}/run.json`, 'utf8'))).toEqual(settings);
  });

  it.runIf(existsSync('/dev/full'))('says that the disk is full, where, and what to do', async () => {
    const run = await begun();
    await run.save(checkpoint, 7);
    for (const [file, what, write] of [
      ['last.safetensors.partial', 'the checkpoint of step 8', () => run.save(checkpoint, 8)],
      ['checkpoint-000008.safetensors.partial', 'the checkpoint of step 8', () => run.save(checkpoint, 8)],
      ['log.jsonl', 'its log', () => run.log({ step: 8 })],
    ] as const) {
      symlinkSync('/dev/full', `${path}/${file}`);
      expect(await refusal(write())).toBe(
        `There is no room left on the disk of RUN for ${what}; free some and resume: the last whole checkpoint is there to go on from.`,
      );
      rmSync(`${path}/${file}`, { force: true });
      expect((await run.last())?.state['step']).toBe(7);
    }
    // nothing is left that would keep the disk full
    expect((await readdir(path)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('tells what was logged up to a step; of what was done twice, after a kill, the second counts', async () => {
    const run = await begun();
    expect(await run.logged(9)).toEqual([]);
    const step = (at: number, loss: number) => ({ kind: 'step', step: at, loss });
    const probe = { kind: 'probe', step: 2, scores: [] };
    for (const entry of [step(1, 3), step(2, 2), probe, step(3, 1), step(2, 5), step(4, 4)])
      await run.log(entry);
    appendFileSync(`${path}/log.jsonl`, '{"kind":"step","step":2,"los');
    expect(await run.logged(3)).toEqual([step(1, 3), step(2, 5), probe, step(3, 1)]);
  });

  it('logs a line a step, and starts a new one after a line that a killed run left unfinished', async () => {
    const run = await begun();
    await run.log({ step: 1 });
    await run.log({ step: 2 });
    appendFileSync(`${path}/log.jsonl`, '{"step": 3, "lo');
    const resumed = await RunDirectory.open(path, settings, true);
    await resumed.begin();
    await resumed.log({ step: 3 });
    expect(readFileSync(`${path}/log.jsonl`, 'utf8').split('\n')).toEqual([
      '{"step":1}',
      '{"step":2}',
      '{"step": 3, "lo',
      '{"step":3}',
      '',
    ]);
  });
});

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isModelError } from '../errors.ts';
import { startInference, type InferenceModel, type InferenceProcess } from './index.ts';
import { tinyModel, type TinyKind } from './tiny-model.fixture.ts';

const tileShape = [2, 3, 4] as const;
const voxels = 24;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'inference-'));
  for (const kind of ['copies', 'not-finite', 'one-channel', 'logits'] as const) {
    await writeFile(join(dir, `${kind}.onnx`), tinyModel(kind, tileShape));
  }
  await writeFile(join(dir, 'broken.onnx'), tinyModel('copies', tileShape).subarray(0, 40));
});
afterAll(() => rm(dir, { recursive: true }));

const model = (kind: TinyKind | 'broken' | 'absent'): InferenceModel => ({
  modelPath: join(dir, `${kind}.onnx`),
  tileShape,
  outputChannels: 3,
});
const ramp = (count: number) => Float32Array.from({ length: count * voxels }, (_, i) => i / (count * voxels));

const gone = async (pid: number): Promise<boolean> => {
  for (let i = 0; i < 100; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
};

const pidOf = (inference: InferenceProcess): number => {
  if (inference.pid === undefined) throw new Error('no child process');
  return inference.pid;
};

const reason = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (isModelError(error, 'model/inference') ? error.details['reason'] : error),
  );

describe('inference in a child process', () => {
  it('gives every tile its own affinities, whatever the batch size and the number of tiles', async () => {
    for (const batchSize of [1, 2, 3]) {
      await using inference = await startInference(model('copies'), { threads: 1, batchSize });
      const tiles = ramp(5);
      const affinities = await inference.predict(tiles, 5);
      expect(affinities.length).toBe(5 * 3 * voxels);
      for (let tile = 0; tile < 5; tile++) {
        for (let channel = 0; channel < 3; channel++) {
          const start = (tile * 3 + channel) * voxels;
          expect(affinities.slice(start, start + voxels)).toEqual(
            tiles.slice(tile * voxels, (tile + 1) * voxels),
          );
        }
      }
    }
  });

  it('keeps the answers of calls made at once apart', async () => {
    await using inference = await startInference(model('copies'), { threads: 1 });
    const values = [0.1, 0.2, 0.3, 0.4];
    const answers = await Promise.all(
      values.map((value) => inference.predict(new Float32Array(2 * voxels).fill(value), 2)),
    );
    answers.forEach((answer, i) => expect(new Set(answer)).toEqual(new Set([Math.fround(values[i] ?? 0)])));
  });

  it('leaves no process behind when it is closed', async () => {
    const inference = await startInference(model('copies'), { threads: 1 });
    const pid = pidOf(inference);
    await inference.close();
    expect(await gone(pid)).toBe(true);
    expect(inference.alive).toBe(false);
    expect(await reason(inference.predict(ramp(1), 1))).toBe('closed');
  });

  it('rejects what waits when the process is killed, and starts another for the next call', async () => {
    await using inference = await startInference(model('copies'), { threads: 1 });
    const pid = pidOf(inference);
    process.kill(pid, 'SIGSTOP');
    const running = reason(inference.predict(ramp(1), 1));
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill(pid, 'SIGKILL');
    expect(await running).toBe('crashed');
    expect(inference.alive).toBe(false);
    expect(await inference.predict(ramp(1), 1)).toHaveLength(3 * voxels);
    expect(inference.pid).not.toBe(pid);
  });

  it('stops waiting at once when aborted, and serves the next call after the run that had begun', async () => {
    await using inference = await startInference(model('copies'), { threads: 1 });
    const pid = pidOf(inference);
    process.kill(pid, 'SIGSTOP');
    const first = new AbortController();
    const second = new AbortController();
    const running = inference.predict(ramp(1), 1, { signal: first.signal });
    const waiting = inference.predict(ramp(1), 1, { signal: second.signal });
    const third = inference.predict(ramp(1), 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    first.abort(new Error('first gave up'));
    second.abort(new Error('second gave up'));
    await expect(running).rejects.toThrow('first gave up');
    await expect(waiting).rejects.toThrow('second gave up');
    process.kill(pid, 'SIGCONT');
    expect(await third).toHaveLength(3 * voxels);
    expect(inference.pid).toBe(pid);
  });

  it('rejects what waits when it is closed in the middle of a run', async () => {
    const inference = await startInference(model('copies'), { threads: 1 });
    const pid = pidOf(inference);
    process.kill(pid, 'SIGSTOP');
    const running = reason(inference.predict(ramp(1), 1));
    const waiting = reason(inference.predict(ramp(1), 1));
    const closing = inference.close();
    expect(await running).toBe('closed');
    expect(await waiting).toBe('closed');
    process.kill(pid, 'SIGCONT');
    await closing;
    expect(await gone(pid)).toBe(true);
  });

  it('reports affinities that are not finite, and stays alive', async () => {
    await using inference = await startInference(model('not-finite'), { threads: 1 });
    expect(await reason(inference.predict(ramp(1), 1))).toBe('not-finite');
    expect((await inference.predict(new Float32Array(voxels), 1)).every((value) => value === 0)).toBe(true);
  });

  it.each([
    ['broken', 'load'],
    ['absent', 'load'],
    ['one-channel', 'output-shape'],
    ['logits', 'output-range'],
  ] as const)('does not start with a model file of the kind %s', async (kind, expected) => {
    expect(await reason(startInference(model(kind), { threads: 1 }))).toBe(expected);
  });

  it('does not start with a tile shape the model was not exported with', async () => {
    const wrong = { ...model('copies'), tileShape: [4, 4, 4] as const };
    expect(await reason(startInference(wrong, { threads: 1 }))).toBe('load');
  });

  it('refuses arguments that do not fit together before anything runs', async () => {
    await using inference = await startInference(model('copies'), { threads: 1 });
    expect(await reason(inference.predict(new Float32Array(5), 1))).toBe('arguments');
    expect(await reason(startInference(model('copies'), { threads: 0 }))).toBe('arguments');
    expect(await reason(startInference(model('copies'), { niceness: 20 }))).toBe('arguments');
  });

  it('gives way to other processes when told to', async () => {
    await using inference = await startInference(model('copies'), { threads: 1, niceness: 7 });
    expect(getPriority(pidOf(inference))).toBe(Math.min(19, getPriority() + 7));
  });

  it('can be aborted while it starts', async () => {
    const started = startInference(model('copies'), { threads: 1, signal: AbortSignal.timeout(1) });
    await expect(started).rejects.toThrow(/timeout/);
  });

  it('ends when its parent is killed', async () => {
    const script = `
      import { startInference } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      const inference = await startInference(${JSON.stringify(model('copies'))}, { threads: 1 });
      console.log(String(inference.pid)); // a number would be coloured under FORCE_COLOR
      process.kill(process.pid, 'SIGKILL');`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      script,
    ]).catch((error: { stdout: string }) => error);
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(await gone(Number(stdout))).toBe(true);
  });
});

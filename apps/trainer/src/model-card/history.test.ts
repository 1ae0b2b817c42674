import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeCheckpoint } from '@tokenunify/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryDirectory } from '../testing.fixture.ts';
import { pretrained, writeUntrainedPackage } from '../untrained.fixture.ts';
import { historyOf, trainingHistory } from './history.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => void (directory = await temporaryDirectory()));
afterAll(() => directory.remove());

interface Line {
  readonly step: number;
  readonly seconds: number;
  readonly losses: Record<string, number>;
}
async function run(name: string, settings: object, lines: readonly Line[], torn = ''): Promise<string> {
  const path = directory.join(name);
  mkdirSync(path);
  writeFileSync(`${path}/run.json`, JSON.stringify(settings));
  writeFileSync(`${path}/log.jsonl`, lines.map((line) => `${JSON.stringify(line)}\n`).join('') + torn);
  const file = `${path}/checkpoint-000002.safetensors`;
  await writeCheckpoint(file, { weights: new Map(), state: { step: 2, engine: 'tensorflow' } });
  return file;
}
const step = (n: number, loss: number): Line => ({ step: n, seconds: 1.5, losses: { total: loss } });

it('a model’s history is pretraining, then fine-tuning, with files but no directories', async () => {
  const settings = {
    command: 'pretrain',
    raw: ['../shared/data/a.h5:/volumes/raw', '/data/b.zarr'],
    box: null,
    steps: 2,
  };
  const from = await run('pretrain', settings, [step(1, 0.9), step(2, 0.7)]);
  await run('finetune', { command: 'finetune', raw: 'x/y.npy', from, isotropic: true }, [
    step(1, 0.6),
    step(2, 0.5),
    step(3, 0.1), // behind the checkpoint that is exported
  ]);
  const history = await trainingHistory(directory.join('finetune'), { step: 2, engine: 'cpu' });
  expect(history).toEqual([
    {
      command: 'pretrain',
      settings: { command: 'pretrain', raw: ['a.h5:/volumes/raw', 'b.zarr'], box: null, steps: 2 },
      ...{ engine: 'tensorflow', steps: 2, seconds: 3, finalLosses: { total: 0.8 } },
    },
    {
      command: 'finetune',
      settings: {
        command: 'finetune',
        raw: 'y.npy',
        from: 'pretrain/checkpoint-000002.safetensors',
        isotropic: true,
      },
      ...{ engine: 'cpu', steps: 2, seconds: 3, finalLosses: { total: 0.55 } },
    },
  ]);
});

it('steps that a killed and resumed run did twice count once, and half a line not at all', async () => {
  await run('killed', { command: 'finetune' }, [step(1, 9), step(2, 9), step(2, 1)], '{"step": 3, "sec');
  const [only] = await trainingHistory(directory.join('killed'), { step: 3 });
  expect(only).toMatchObject({ steps: 2, seconds: 3, finalLosses: { total: 5 }, engine: 'unknown' });
});

it('final losses are means over the last 50 steps', async () => {
  const lines = Array.from({ length: 80 }, (_, i) => step(i + 1, i < 30 ? 100 : 2));
  await run('long', { command: 'finetune' }, lines);
  const [only] = await trainingHistory(directory.join('long'), { step: 80 });
  expect(only!.finalLosses).toEqual({ total: 2 });
});

it('a checkpoint out of a model package has the history of the package, and what was trained on goes on from it', async () => {
  const packaged = await writeUntrainedPackage(directory.join('package'));
  const before = await trainingHistory(packaged, {});
  expect(before).toEqual([pretrained]);
  await run('on', { command: 'finetune', from: join(packaged, 'checkpoint.safetensors') }, [step(1, 1)]);
  const after = await trainingHistory(directory.join('on'), { step: 1, engine: 'cpu' });
  expect(after.map(({ command, settings }) => [command, settings['from']])).toEqual([
    ['pretrain', undefined],
    ['finetune', 'package/checkpoint.safetensors'],
  ]);
});

it('a package of another program, which tells its training in its own way, has no history', () => {
  expect(historyOf({ training: 'three weeks' })).toEqual([]);
  expect(historyOf({ training: [{ command: 'train', epochs: 3 }] })).toEqual([]);
});

it('a night names its champion by digest: nothing is looked for there', async () => {
  await run('night', { command: 'retrain', from: 'sha256:aa', raw: ['/data/a.h5'] }, [step(1, 1)]);
  const [only, ...others] = await trainingHistory(directory.join('night'), { step: 1 });
  expect(others).toEqual([]);
  expect(only!.settings).toEqual({ command: 'retrain', from: 'sha256:aa', raw: ['a.h5'] });
});

it('a checkpoint outside of a run directory has no history', async () => {
  expect(await trainingHistory(directory.path, { step: 2 })).toEqual([]);
});

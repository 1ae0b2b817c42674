/**
 * A training that somebody kills: `node killed-child.fixture.ts DIRECTORY ENGINE STEPS`. Goes on from the last checkpoint
 * in the directory, says what it does line by line, and ends when the steps are done.
 */
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint, writeCheckpoint } from '../checkpoint/checkpoint.ts';
import { openEngine, type EngineName } from '../engines/engine.ts';
import { membranes } from '../network/small.fixture.ts';
import { pretrain } from './pretraining.ts';
import { least } from './train.fixture.ts';

const say = (line: string): void => void writeSync(1, `${line}\n`); // a killed process loses what it buffers

const [directory, engine, steps] = process.argv.slice(2) as [string, EngineName, string];
const path = join(directory, 'last.safetensors');
const resume = existsSync(path) ? await readCheckpoint(path) : undefined;
say(`from ${String(resume?.state['step'] ?? 0)}`);
const run = pretrain({
  engine: await openEngine(engine),
  preset: least,
  curriculum: [
    { until: 0.5, weights: { random: 0.7, next: 0.2, nextAll: 0.1 }, crop: [4, 4, 8] },
    { until: 1, weights: { random: 0.1, next: 0.2, nextAll: 0.7 }, crop: [4, 8, 8] },
  ],
  voxelsPerStep: 1,
  accumulate: 2,
  recompute: true,
  steps: Number(steps),
  seed: 3,
  schedule: { peak: 0.02, warmup: 5, final: 0.1 },
  averageDecay: 0.9,
  checkpointEvery: 3,
  state: {},
  crop: (shape, random) => membranes(shape, random),
  ...(resume ? { resume } : {}),
});
for await (const event of run)
  if (event.kind === 'step') say(`step ${event.step} ${event.losses['total']!} ${event.gradientNorm}`);
  else if (event.kind === 'checkpoint') {
    say(`writing ${event.step}`);
    await writeCheckpoint(path, event.checkpoint);
    say(`written ${event.step}`);
  }
say('done');

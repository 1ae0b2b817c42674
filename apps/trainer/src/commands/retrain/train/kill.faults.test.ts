/** A training that is killed again and again, at moments that nobody chose, comes to the weights of one that was left alone. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Random } from '@tokenunify/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nightFixture, training, type NightFixture } from './night.fixture.ts';

const SCRIPT = fileURLToPath(new URL('./train-once.fixture.ts', import.meta.url));
const STEPS = 6;

let night: NightFixture;
beforeAll(async () => void (night = await nightFixture()));
afterAll(() => night.remove());

/** @returns the exit code, null for a process that was killed */
function train(directory: string, killAfter?: { readonly step: number; readonly milliseconds: number }) {
  const file = night.join(`${directory}.json`);
  const settings = { ...training, steps: STEPS, checkpointEvery: 1 };
  writeFileSync(
    file,
    JSON.stringify({
      champion: night.champion.dir,
      annotations: night.annotations,
      directory: night.join(directory),
      training: settings,
    }),
  );
  const child = spawn(process.execPath, [SCRIPT, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let steps = 0;
  child.stdout.on('data', (text: Buffer) => {
    steps += text.toString().split('\n').length - 1;
    // from right behind a step, when its checkpoint is written, to the middle of the next
    if (killAfter && steps >= killAfter.step) setTimeout(() => child.kill('SIGKILL'), killAfter.milliseconds);
  });
  return new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code));
  });
}

it('a training that is killed at random moments comes to the same weights, byte by byte', async () => {
  expect(await train('undisturbed')).toBe(0);
  const seed = Date.now() % 100_000;
  const random = new Random(seed);
  let [kills, code] = [0, null as number | null];
  for (; code !== 0 && kills < 4 * STEPS; kills++) {
    const milliseconds = random.next() < 0.7 ? random.uniform(0, 60) : random.uniform(0, 1500);
    code = await train('killed', { step: 1 + random.integer(2), milliseconds });
  }
  expect(kills, `seed ${seed}`).toBeGreaterThan(2);
  for (const file of ['last.safetensors', 'checkpoint-000006.safetensors'])
    expect(
      readFileSync(night.join('killed', file)).equals(readFileSync(night.join('undisturbed', file))),
      `${file}, seed ${seed}`,
    ).toBe(true);
});

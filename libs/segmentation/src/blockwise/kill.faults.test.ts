import { spawn } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { openVolume } from '@tokenunify/em-io';
import {
  GreyPredictor,
  filesUnder,
  inOnePiece,
  killedSpec,
  neurons,
  random,
  temporaryDirectory,
} from './testing.ts';

const fixture = fileURLToPath(new URL('kill.fixture.ts', import.meta.url));

/** Runs the job, and kills it so many milliseconds after it has started; true when it was done before. */
async function run(directory: string, killAfter?: number): Promise<boolean> {
  const child = spawn(process.execPath, [fixture, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let printed = '';
  const started = new Promise<void>((resolve) =>
    child.stdout.on('data', (text: Buffer) => {
      printed += text.toString();
      if (printed.includes('started')) resolve();
    }),
  );
  await Promise.race([started, closed]);
  if (killAfter !== undefined) {
    await Promise.race([setTimeout(killAfter), closed]);
    child.kill('SIGKILL');
  }
  await closed;
  return printed.includes('finished');
}

it('a job killed again and again gives the labels of one that was not', { timeout: 300_000 }, async () => {
  const directory = await temporaryDirectory();
  const next = random(5);
  try {
    let kills = 0;
    while (kills < 20 && !(await run(directory.path, 20 + next() * 250))) kills += 1;
    console.log(`killed ${kills} times`);
    expect(kills).toBeGreaterThan(3);
    expect(await run(directory.path)).toBe(true);
    const volume = neurons(killedSpec.shape, 11, 40);
    const expected = await inOnePiece(volume, killedSpec, new GreyPredictor(killedSpec.tileShape));
    const labels = await openVolume(`${directory.path}/labels.zarr`);
    expect((await labels.read({ start: [0, 0, 0], stop: labels.shape })).data).toEqual(expected.labels);
    await labels.close();
    const left = await filesUnder(`${directory.path}/artefacts`);
    expect(left.filter((name) => /^tmp|^files.(tiles|affinities)/.test(name))).toEqual([]);
  } finally {
    await directory.remove();
  }
});

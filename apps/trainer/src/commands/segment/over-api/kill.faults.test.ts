/** The command is killed at any moment and started again: the same labels, each chunk sent once, nothing left behind. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Random } from '@tokenunify/model';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bench, CHUNKS, type Bench } from './command.fixture.ts';

const BIN = fileURLToPath(new URL('../../../../bin/tokenunify.js', import.meta.url));
let own: Bench;
beforeAll(async () => {
  own = await bench();
  // slow enough that kills meet every step
  own.server.pace = 40;
  own.server.delay = 25;
});
afterAll(() => own.close());

/** @returns the exit code; null when it was killed */
function command(output: string, killAfter?: number): Promise<{ code: number | null; ms: number }> {
  const began = Date.now();
  const args = ['segment', own.at('raw.zarr'), own.at(output), '--api', own.server.url, '--json'];
  const child = spawn(process.execPath, [BIN, ...args], { stdio: 'ignore' });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ms: Date.now() - began });
    });
  });
}

it.each(['.npy', '.zarr'])('at 10 moments each: %s', { timeout: 300_000 }, async (extension) => {
  const undisturbed = await command(`whole${extension}`);
  expect(undisturbed.code).toBe(0);
  const random = new Random(11);
  let killed = 0;
  for (let round = 0; round < 10; round++) {
    own.server.stored.clear();
    own.server.requests.length = 0;
    const output = `out-${round}${extension}`;
    let code: number | null = null;
    for (let attempt = 0; code === null; attempt++) {
      // the first kills come at any moment; then it may end
      ({ code } = await command(output, attempt < 3 ? 200 + random.next() * undisturbed.ms : undefined));
      if (code === null) killed++;
    }
    expect(code).toBe(0);
    expect(own.count(/^POST \/v1\/segmentations$/), 'jobs asked for').toBeLessThanOrEqual(2);
    // a chunk on its way when the process is killed is stored, and found by the next one
    expect(own.chunks()).toEqual(Array.from({ length: CHUNKS }, () => 1));
    expect([own.server.volumes.size, own.server.jobs.size]).toEqual([0, 0]);
    for (const file of extension === '.npy' ? [''] : ['/zarr.json', '/c/0/0/0', '/c/0/0/1'])
      expect(
        readFileSync(own.at(output + file)).equals(readFileSync(own.at(`whole${extension}${file}`))),
        `${output}${file}`,
      ).toBe(true);
    expect(await own.files()).toEqual([output, 'raw.zarr', `whole${extension}`].sort());
    await rm(own.at(output), { recursive: true });
  }
  expect(killed).toBeGreaterThan(5);
  await rm(own.at(`whole${extension}`), { recursive: true });
});

it('Ctrl-C ends it with 130 and the way to go on', async () => {
  own.server.pace = 100;
  const args = [BIN, 'segment', own.at('raw.zarr'), own.at('stopped.npy'), '--api', own.server.url];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let signalled = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (!signalled && /^tiles/m.test(said)) signalled = child.kill('SIGINT');
  });
  expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
  expect(said).toContain('run the same command again to go on');
  expect(said).not.toContain('tokenunify:');
  expect(await own.files()).toEqual(['raw.zarr', 'stopped.npy.segment.json']);
  expect((await command('stopped.npy')).code).toBe(0);
  expect(await own.files()).toEqual(['raw.zarr', 'stopped.npy']);
});

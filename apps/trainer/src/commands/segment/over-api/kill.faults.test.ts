/** The command is killed at any moment and started again: the same labels, each chunk sent once, nothing left behind. */
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Random } from '@tokenunify/model';
import { expect, it, onTestFinished } from 'vitest';
import { bench, CHUNKS, until } from './command.fixture.ts';
import { expectRefusal, expectSuccess, hadDone, runOrKill, start, type Exit } from './process.fixture.ts';

/** A directory and a server of its own for each test, slow enough that kills meet every step. */
async function slowBench() {
  const own = await bench();
  onTestFinished(own.close);
  own.server.pace = 40;
  own.server.delay = 25;
  return own;
}

it.each(['.npy', '.zarr'])('at 10 moments each: %s', { timeout: 600_000 }, async (extension) => {
  const own = await slowBench();
  const whole = `whole${extension}`;
  expectSuccess(await runOrKill(own, whole), whole);
  const steps = own.server.requests.length;
  const random = new Random(11);
  let killed = 0;
  for (let round = 0; round < 10; round++) {
    own.server.stored.clear();
    own.server.requests.length = 0;
    const output = `out-${round}${extension}`;
    let exit: Exit;
    let attempt = 0;
    do {
      // the first kills come at any moment; then it may end
      const afterRequests = Math.floor(random.next() * (steps + 1));
      // from the last request to the end of the process it takes longer
      const thenMs = random.next() * (afterRequests === steps ? 150 : 50);
      exit = await runOrKill(own, output, attempt < 3 ? { afterRequests, thenMs } : undefined);
      attempt++;
      if (exit.code === null) killed++;
    } while (exit.code === null && !hadDone(own, output));
    if (exit.code === null) await expectRefusal(own, output);
    else expectSuccess(exit, `${output}, attempt ${attempt}`);
    expect(own.count(/^POST \/v1\/segmentations$/), 'jobs asked for').toBeLessThanOrEqual(2);
    // a chunk on its way when the process is killed is stored, and found by the next one
    expect(own.chunks(), output).toEqual(Array.from({ length: CHUNKS }, () => 1));
    expect([own.server.volumes.size, own.server.jobs.size], output).toEqual([0, 0]);
    for (const file of extension === '.npy' ? [''] : ['/zarr.json', '/c/0/0/0', '/c/0/0/1'])
      expect(
        readFileSync(own.at(output + file)).equals(readFileSync(own.at(whole + file))),
        `${output}${file}`,
      ).toBe(true);
    expect(await own.files()).toEqual([output, 'raw.zarr', whole].sort());
    await rm(own.at(output), { recursive: true });
  }
  expect(killed).toBeGreaterThan(5);
});

it('Ctrl-C ends it with 130 and the way to go on', async () => {
  const own = await slowBench();
  own.server.pace = 100;
  const command = start(own, 'stopped.npy');
  await until(() => /^tiles/m.test(command.said()));
  command.kill('SIGINT');
  const { code, stderr } = await command.ended;
  expect(code, stderr).toBe(130);
  expect(stderr).toContain('run the same command again to go on');
  expect(stderr).not.toContain('tokenunify:');
  expect(await own.files()).toEqual(['raw.zarr', 'stopped.npy.segment.json']);
  expectSuccess(await runOrKill(own, 'stopped.npy'), 'the same command again');
  expect(await own.files()).toEqual(['raw.zarr', 'stopped.npy']);
});

/**
 * `kill -9` of a server that works, at twenty random moments, each followed by another start. The real network (untrained)
 * and real threads; the job must end, and its result must be that of a job nobody disturbed, byte for byte.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVolume, wholeBox, type Vec3 } from '@tokenunify/em-io';
import { Random } from '@tokenunify/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../client/index.ts';
import { writeUntrainedPackage } from '../package.fixture.ts';
import { filesBelow, grey } from '../segmentations/testing.fixture.ts';
import { finished, startProcess, type ServerProcess } from './process.fixture.ts';

const shape: Vec3 = [48, 96, 96];
const KILLS = 20;

let root: string;
let server: ServerProcess | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kill-'));
  await writeUntrainedPackage(join(root, 'model'));
  const raw = await createVolume(join(root, 'raw.zarr'), { shape, dtype: 'uint8', voxelSize: [10, 10, 10] });
  await raw.write(wholeBox(shape), { dtype: 'uint8', shape, data: grey(shape) });
  await raw.close();
});
afterEach(async () => {
  await server?.kill();
  await rm(root, { recursive: true, force: true });
});

const start = async (data: string) =>
  (server = await startProcess(
    ...['--model', join(root, 'model'), '--data', join(root, data), '--data-root', root],
    ...['--workers', '1', '--job-block', '32'],
  ));

const request = {
  input: { path: '' },
  postprocessing: { cell: [32, 32, 32] as [number, number, number] },
  voxelSizeCheck: 'warn' as const,
};

/** Submits the job (or finds it again by its key) and waits until it has finished. */
async function finish(url: string) {
  const api = createClient(url);
  const body = { ...request, input: { path: join(root, 'raw.zarr') } };
  const job = await api.createSegmentation(body, { idempotencyKey: 'the one' });
  return finished(api, job.id);
}

const resultOf = (data: string, volume: string | undefined) =>
  filesBelow(join(root, data, 'volumes', volume ?? '', 'volume.zarr', 'c'));

describe('a server that is killed', () => {
  it(`${KILLS} times in the middle of a job finishes it with the same result`, async () => {
    const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1e6);
    console.log(`seed ${seed} (FAULT_SEED repeats it)`);
    const random = new Random(seed);
    const began = Date.now();
    const undisturbed = await finish((await start('calm')).url);
    const took = Date.now() - began;
    expect(undisturbed.state, JSON.stringify(undisturbed.error)).toBe('succeeded');
    const expected = await resultOf('calm', undisturbed.result?.volume);
    expect(expected.size).toBeGreaterThan(1);
    await server?.kill();

    let kills = 0;
    let rounds = 0;
    while (kills < KILLS) {
      const data = `killed-${rounds++}`;
      let finished = false;
      while (!finished && kills < KILLS) {
        const running = await start(data);
        const done = finish(running.url).then(
          () => (finished = true),
          () => {}, // its server was killed
        );
        await Promise.race([done, new Promise((resolve) => setTimeout(resolve, random.next() * took * 0.6))]);
        await running.kill();
        await done;
        if (!finished) kills++;
      }
      const last = await start(data);
      const job = await finish(last.url);
      expect(job.state, JSON.stringify(job.error)).toBe('succeeded');
      expect(job.result?.labelCount).toBe(undisturbed.result?.labelCount);
      expect(await resultOf(data, job.result?.volume)).toEqual(expected);
      const { items } = await createClient(last.url)
        .raw.GET('/v1/segmentations')
        .then(({ data }) => data ?? { items: [] });
      expect(items, 'one job for one key').toHaveLength(1);
      await last.kill();
    }
    console.log(
      `${kills} kills in ${rounds} jobs; a job undisturbed took ${took} ms with the start of its server`,
    );
  });
});

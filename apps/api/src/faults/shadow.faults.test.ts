/**
 * Shadows of a real server, with the real network (untrained) and real threads: `kill -9` at random moments of them, each
 * followed by another start, ends with the comparison of a shadow that nobody disturbed; the champion's labels are those of
 * a server without shadows; and a job that comes while one runs starts as soon as its threads have let go.
 */
import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createVolume, wholeBox, type Vec3 } from '@tokenunify/em-io';
import { packModelPackage, Random } from '@tokenunify/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClient, type ApiClient } from '../client/index.ts';
import { writeUntrainedPackage } from '../package.fixture.ts';
import { filesBelow, grey } from '../segmentations/testing.fixture.ts';
import { finished, startProcess, type ServerProcess } from './process.fixture.ts';

const shape: Vec3 = [32, 64, 64];
const KILLS = 8;

let root: string;
let server: ServerProcess | undefined;
let api: ApiClient;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'shadow-'));
  await writeUntrainedPackage(join(root, 'model'));
  await writeUntrainedPackage(join(root, 'challenger'), { version: '0.0.2', seed: 11 });
  const raw = await createVolume(join(root, 'raw.zarr'), { shape, dtype: 'uint8', voxelSize: [10, 10, 10] });
  await raw.write(wholeBox(shape), { dtype: 'uint8', shape, data: grey(shape) });
  await raw.close();
  await start();
  const { model } = await api.uploadModel(await buffer(packModelPackage(join(root, 'challenger'))));
  await api.challengeModel(model.digest);
}, 60_000);
afterEach(async () => {
  await server?.kill();
  await rm(root, { recursive: true, force: true });
});

async function start() {
  server = await startProcess(
    ...['--model', join(root, 'model'), '--data', join(root, 'data'), '--data-root', root],
    ...['--workers', '1', '--job-block', '32'],
  );
  api = createClient(server.url);
}

/** A job, when it has finished. */
async function segment(idempotencyKey: string) {
  const job = await api.createSegmentation(
    {
      input: { path: join(root, 'raw.zarr') },
      postprocessing: { cell: [32, 32, 32] },
      voxelSizeCheck: 'warn',
    },
    { idempotencyKey },
  );
  const done = await finished(api, job.id);
  expect(done.state, JSON.stringify(done.error)).toBe('succeeded');
  return done;
}

const labelsOf = (volume: string | undefined) =>
  filesBelow(join(root, 'data', 'volumes', volume ?? '', 'volume.zarr', 'c'));

const shadowDirectories = () =>
  readdirSync(join(root, 'data', 'segmentations')).filter((name) => name.startsWith('shd_'));

async function comparisonOf(id: string) {
  for await (const comparison of api.comparisons()) if (comparison.segmentation === id) return comparison;
  return undefined;
}

/** The comparison of a job's shadow, once there is one; fails when its server is killed. */
async function compared(id: string) {
  for (;;) {
    const comparison = await comparisonOf(id);
    if (comparison?.state !== 'waiting') return comparison;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('shadows of a server', () => {
  it(`that is killed ${KILLS} times in the middle of them end with the same comparison`, async () => {
    const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1e6);
    console.log(`seed ${seed} (FAULT_SEED repeats it)`);
    const random = new Random(seed);
    const alone = await segment('alone');
    const labels = await labelsOf(alone.result?.volume);
    expect(labels.size).toBeGreaterThan(1);
    await api.changeDeployment({ shadowPercent: 100 });
    const began = Date.now();
    const calm = await segment('calm');
    const half = Date.now() - began;
    const expected = await compared(calm.id);
    const took = Date.now() - began - half;
    expect(expected).toMatchObject({ state: 'done' });
    expect(expected?.voi).toBeGreaterThan(0);
    expect(await labelsOf(calm.result?.volume), 'with a shadow and without').toEqual(labels);

    let kills = 0;
    for (let round = 0; kills < KILLS; round++) {
      const { id } = await segment(`round ${round}`);
      for (let over = false; !over && kills < KILLS;) {
        const done = compared(id).then(
          () => (over = true),
          () => {}, // its server was killed
        );
        await Promise.race([done, new Promise((resolve) => setTimeout(resolve, random.next() * took))]);
        await server?.kill();
        await done;
        if (!over) kills++;
        await start();
      }
      const { voxels, voi, voiSplit, voiMerge } = expected ?? {};
      expect(await compared(id)).toMatchObject({ state: 'done', voxels, voi, voiSplit, voiMerge });
      const job = await api.segmentation(id);
      expect(await labelsOf(job.result?.volume)).toEqual(labels);
    }
    await until(() => shadowDirectories().length === 0);
    const jobs: string[] = [];
    for await (const { id } of api.listSegmentations()) jobs.push(id);
    expect(jobs.toSorted(), 'nothing of a shadow is left').toEqual(
      (await readdir(join(root, 'data', 'segmentations'))).toSorted(),
    );
    console.log(`${kills} kills; a shadow undisturbed took ${took} ms`);
  });

  it('do not keep a job from starting', async () => {
    const wait = async (key: string) => {
      const { createdAt, startedAt = '' } = await segment(key);
      return Date.parse(startedAt) - Date.parse(createdAt);
    };
    const free: number[] = [];
    const behind: number[] = [];
    for (let i = 0; i < 6; i++) free.push(await wait(`free ${i}`));
    await api.changeDeployment({ shadowPercent: 100 });
    await segment('first');
    await api.changeDeployment({ shadowPercent: 0 });
    for (let i = 0; i < 6; i++) {
      await until(() => shadowDirectories().length > 0);
      // anywhere in it: while the process is asked, while threads start, between tasks
      await new Promise((resolve) => setTimeout(resolve, 1000 + 200 * i));
      if (shadowDirectories().length === 0) break;
      behind.push(await wait(`behind ${i}`));
    }
    const most = (times: readonly number[]) => Math.max(...times);
    console.log(`ms until a job starts: alone ${free.join(', ')}; while a shadow runs ${behind.join(', ')}`);
    expect(behind.length).toBeGreaterThan(1);
    // a thread that does not look at its signal is ended after a quarter of a second
    expect(most(behind)).toBeLessThan(most(free) + 1500);
  });

  it('let go of a volume that is deleted while they read it', async () => {
    const stored = await api.createVolume({ name: 'raw' });
    const files = await filesBelow(join(root, 'raw.zarr'));
    for (const [key, content] of files) {
      const body = Buffer.from(content, 'base64');
      const response = await fetch(`${server?.url}/v1/volumes/${stored.id}/${key}`, { method: 'PUT', body });
      expect(response.status, await response.text()).toBeLessThan(300);
    }
    await api.sealVolume(stored.id);
    await api.changeDeployment({ shadowPercent: 100 });
    const job = await api.createSegmentation({
      input: { volume: stored.id },
      postprocessing: { cell: [32, 32, 32] },
      voxelSizeCheck: 'warn',
    });
    await finished(api, job.id);
    await until(() => shadowDirectories().length > 0);
    await api.deleteVolume(stored.id);
    expect(await compared(job.id)).toMatchObject({ state: 'abandoned', detail: 'The volume was deleted.' });
    await until(() => shadowDirectories().length === 0);
    expect((await api.segmentation(job.id)).state).toBe('succeeded');
  });
});

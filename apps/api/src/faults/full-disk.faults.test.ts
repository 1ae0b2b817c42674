/**
 * A disk that is really full: the data directory lies on a file system of a few megabytes, which takes root and Linux.
 * Nothing is lost and nothing is half there: a job fails with a sentence, and goes on when there is room.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVolume, wholeBox, type Vec3 } from '@tokenunify/em-io';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type SegmentationJob } from '../client/index.ts';
import { writeUntrainedPackage } from '../package.fixture.ts';
import { filesBelow, grey } from '../segmentations/testing.fixture.ts';
import { finished } from './process.fixture.ts';
import { startServer, type RunningServer } from '../server.ts';

const shape: Vec3 = [48, 96, 96];
const root = await mkdtemp(join(tmpdir(), 'full-disk-'));
const data = join(root, 'data');
// 4 for the registry's copy of the model, 4 for the job
const mounted = tryToMount(8);

function tryToMount(megabytes: number): boolean {
  mkdirSync(data);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', data], { stdio: 'pipe' });
    return true;
  } catch (error) {
    console.log(`SKIPPED: a small file system cannot be mounted here (${String(error).split('\n')[0]})`);
    return false;
  }
}

const resize = (megabytes: number) =>
  execFileSync('mount', ['-o', `remount,size=${megabytes}m`, data], { stdio: 'pipe' });

let server: RunningServer | undefined;
const model = join(root, 'model');
beforeAll(async () => {
  await writeUntrainedPackage(model);
  const raw = await createVolume(join(root, 'raw.zarr'), { shape, dtype: 'uint8', voxelSize: [10, 10, 10] });
  await raw.write(wholeBox(shape), { dtype: 'uint8', shape, data: grey(shape) });
  await raw.close();
});
afterAll(async () => {
  await server?.close();
  if (mounted) execFileSync('umount', [data]);
  await rm(root, { recursive: true, force: true });
});

const request = {
  input: { path: join(root, 'raw.zarr') },
  postprocessing: { cell: [32, 32, 32] as [number, number, number] },
  voxelSizeCheck: 'warn' as const,
};
const start = (directory: string) =>
  startServer({
    model,
    logJob: console.log,
    threads: 1,
    data: directory,
    dataRoots: [root],
    jobs: { workers: 1, blockSide: 32 },
  });

describe.skipIf(!mounted)('a full disk', () => {
  it('fails a job with a sentence, and lets it go on when there is room', async () => {
    const calm = await start(join(root, 'calm'));
    const expected = await finished(
      createClient(calm.url),
      (await createClient(calm.url).createSegmentation(request)).id,
    );
    await calm.close();
    server = await start(data);
    const api = createClient(server.url);
    const { id } = await api.createSegmentation(request);
    const failed = await finished(api, id);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'insufficient-storage' } });
    expect(failed.error?.detail).toMatch(/no (room|space)/i);
    expect(failed.result).toBeUndefined();
    const volumes = await api.raw.GET('/v1/volumes');
    expect(volumes.data?.items, 'nothing half-visible').toEqual([]);
    resize(200);
    await api.resumeSegmentation(id);
    const job = await finished(api, id);
    expect(job).toMatchObject({ state: 'succeeded', result: { labelCount: expected.result?.labelCount } });
    expect(await chunks(data, job)).toEqual(await chunks(join(root, 'calm'), expected));
  });

  it('refuses an upload with 507, keeps nothing of it, and takes it when there is room', async () => {
    if (server === undefined) throw new Error('the first test starts the server');
    const { url } = server;
    const api = createClient(url);
    const volume = await api.createVolume({ name: 'big' });
    const place = (i: number) => `${url}/v1/volumes/${volume.id}/c/0/0/${i}`;
    const put = (i: number) =>
      fetch(place(i), {
        method: 'PUT',
        body: new Uint8Array(2 ** 23),
        headers: { 'content-type': 'application/octet-stream' },
      });
    let refused = 0;
    let answer = await put(refused);
    while (answer.status === 201) answer = await put(++refused);
    expect(answer.status).toBe(507);
    expect(await answer.json()).toMatchObject({ code: 'insufficient-storage' });
    expect(refused).toBeGreaterThan(1);
    expect((await fetch(place(refused))).status).toBe(404);
    expect((await fetch(place(refused - 1), { method: 'HEAD' })).headers.get('content-length')).toBe(
      String(2 ** 23),
    );
    expect((await fetch(place(0), { method: 'DELETE' })).status).toBe(204);
    expect((await put(refused)).status).toBe(201);
  });
});

const chunks = (directory: string, { result }: SegmentationJob) =>
  filesBelow(join(directory, 'volumes', result?.volume ?? '', 'volume.zarr', 'c'));

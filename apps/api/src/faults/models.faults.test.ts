/**
 * Traffic moves between two versions twenty times while clients and jobs are at work: real server, real processes. Nothing
 * fails, and every answer is that of the version that it names, which is the champion of its time.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVolume, wholeBox, type Vec3 } from '@tokenunify/em-io';
import { Random } from '@tokenunify/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiClient } from '../client/index.ts';
import { filesBelow, grey } from '../segmentations/testing.fixture.ts';
import { affinitiesOf, archiveOf, childrenOf, once, type Archive } from './models.fixture.ts';
import { finished, startProcess, type ServerProcess } from './process.fixture.ts';

const PROMOTIONS = 20;
const CLIENTS = 3;
/** Requests that are answered between two promotions, at least. */
const ANSWERS = 2;
const shape: Vec3 = [16, 32, 40];

let root: string;
let server: ServerProcess | undefined;
let api: ApiClient;
let versions: readonly Archive[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'models-'));
  const raw = await createVolume(join(root, 'raw.zarr'), { shape, dtype: 'uint8', voxelSize: [10, 10, 10] });
  await raw.write(wholeBox(shape), { dtype: 'uint8', shape, data: grey(shape) });
  await raw.close();
  const [first, second] = [await archiveOf(root, '1.0.0'), await archiveOf(root, '2.0.0')];
  versions = [first, second];
  server = await startProcess(
    ...['--model', first.dir, '--data', join(root, 'data'), '--data-root', root, '--workers', '1'],
    ...['--loaded-models', '3', '--model-idle', '1', '--concurrency', '2', '--queue', '20'],
  );
  api = once(server.url);
  await api.uploadModel(second.zip);
}, 120_000);
afterAll(async () => {
  await server?.kill();
  await rm(root, { recursive: true, force: true });
});

const at = (i: number): Archive => {
  const version = versions[i % 2];
  if (version === undefined) throw new Error('there are two versions');
  return version;
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const oneProcess = async () => {
  for (let i = 0; i < 600 && (await childrenOf(server?.child.pid)).length !== 1; i++) await pause(50);
  return childrenOf(server?.child.pid);
};

/** Every chunk of the labels of a job that has finished. */
async function labelsOf(id: string): Promise<{ digest: string; labels: string }> {
  const job = await finished(api, id);
  expect(job.state, JSON.stringify(job.error)).toBe('succeeded');
  const chunks = await filesBelow(
    join(root, 'data', 'volumes', job.result?.volume ?? '', 'volume.zarr', 'c'),
  );
  return { digest: job.model.digest, labels: JSON.stringify([...chunks]) };
}
const submit = (model?: string) =>
  api.createSegmentation({
    input: { path: join(root, 'raw.zarr') },
    voxelSizeCheck: 'warn',
    ...(model !== undefined && { model }),
  });

describe('promotions', () => {
  it(`back and forth ${PROMOTIONS} times fail no request, and each is answered by the version of its time`, async () => {
    const seed = Number(process.env['FAULT_SEED'] ?? Date.now() % 1e6);
    console.log(`seed ${seed} (FAULT_SEED repeats it)`);
    const random = new Random(seed);
    const expected = new Map<string, string>();
    const expectedLabels = new Map<string, string>();
    for (const { digest } of versions) {
      expected.set(digest, await affinitiesOf(api, digest));
      expectedLabels.set(digest, (await labelsOf((await submit(digest)).id)).labels);
    }
    expect(new Set(expected.values()).size, 'versions that can be told apart').toBe(2);

    // Promotion i makes version i % 2 champion; 0 is the state at the start.
    let [sent, answered, requests] = [0, 0, 0];
    let [done, failed] = [false, false];
    const counts = new Map<string, number>();
    const client = async () => {
      while (!done) {
        const before = answered;
        const answer = await affinitiesOf(api);
        const [digest = ''] = answer.split(' ', 1);
        const possible = [];
        for (let i = before; i <= sent; i++) possible.push(at(i).digest);
        expect(possible, `sent after promotion ${before}, answered before ${sent + 1}`).toContain(digest);
        expect(answer === expected.get(digest), `the affinities of ${digest}`).toBe(true);
        counts.set(digest, (counts.get(digest) ?? 0) + 1);
        requests++;
      }
    };
    let jobs = 0;
    const jobClient = async () => {
      while (!done) {
        const { digest, labels } = await labelsOf((await submit()).id);
        expect(labels === expectedLabels.get(digest), `the labels of ${digest}`).toBe(true);
        jobs++;
      }
    };
    const promoting = async () => {
      try {
        for (let i = 1; i <= PROMOTIONS; i++) {
          // however slow the machine is, each has its time as champion
          while (requests < i * ANSWERS && !failed) await pause(20);
          await pause(random.next() * 200);
          sent = i;
          const { champion } = await api.promoteModel(at(i).digest, { expected: at(i - 1).digest });
          answered = i;
          expect(champion.digest).toBe(at(i).digest);
        }
      } finally {
        done = true;
      }
    };
    const work = [promoting(), jobClient(), ...Array.from({ length: CLIENTS }, client)];
    for (const part of work) part.catch(() => (failed = true));
    await Promise.all(work);
    console.log(`${PROMOTIONS} promotions, ${[...counts.values()].join(' + ')} requests, ${jobs} jobs`);
    expect(counts.size, 'both have answered').toBe(2);
    expect(jobs).toBeGreaterThan(0);
    expect(await oneProcess(), 'the process of the champion and no other').toHaveLength(1);
    expect(server?.errors()).toBe('');
  });

  it('are not undone by the death of a process: the next request is answered by a new one', async () => {
    const { digest } = (await api.deployment()).champion;
    const expected = await affinitiesOf(api);
    for (let i = 0; i < 3; i++) {
      for (const pid of await oneProcess()) process.kill(pid, 'SIGKILL');
      await pause(i * 100); // so that the server has seen it, or not
      const first = await affinitiesOf(api).catch(() => undefined); // it may have met the dying process
      expect(first ?? expected).toBe(expected);
      expect(await affinitiesOf(api)).toBe(expected);
    }
    expect((await api.deployment()).champion.digest).toBe(digest);
  });

  it('fail no request when the other version does not run', async () => {
    const [first, second] = [at(0), at(1)];
    const { champion } = await api.deployment();
    const other = champion.digest === first.digest ? second : first;
    const file = join(root, 'data', 'models', 'packages', other.digest.slice('sha256:'.length), 'model.onnx');
    await rm(file);
    await expect(api.promoteModel(other.digest)).rejects.toMatchObject({
      code: 'inference-failed',
      message: expect.stringMatching(/model.onnx .*upload the same package again/),
    });
    await affinitiesOf(api);
    expect((await api.deployment()).champion).toEqual(champion);
    expect((await api.uploadModel(other.zip)).created).toBe(false);
    expect((await api.promoteModel(other.digest)).champion.digest).toBe(other.digest);
  });
});

import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vec3 } from '@tokenunify/em-io';
import { variationOfInformation } from '@tokenunify/segmentation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../testing.fixture.ts';
import { challenger, inOnePiece, model, serveJobs, type FakeModels, type Jobs } from './testing.fixture.ts';
import type { SegmentationJson } from './types.ts';

const shape: Vec3 = [20, 36, 40];
const never = new AbortController().signal;
const shadows = { quietMs: 0, retryMs: [1, 1] };

let jobs: Jobs;
let models: FakeModels;
let raw: string;
beforeEach(() => serve());
afterEach(() => jobs[Symbol.asyncDispose]());

async function serve(options: Parameters<typeof serveJobs>[0] = {}) {
  jobs = await serveJobs({ shadows, ...options });
  models = jobs.models;
  models.aliases.challenger = challenger;
  models.shadowPercent = 100;
  raw = await jobs.raw('a', shape);
}

const submit = (more: Record<string, unknown> = {}, idempotencyKey?: string) =>
  jobs.segmentations.create(
    { input: { path: raw }, voxelSizeCheck: 'warn', ...more },
    { owner: 'o', signal: never, ...(idempotencyKey !== undefined && { idempotencyKey }) },
  );

const comparisons = () => jobs.db.prepare('select * from comparisons').all();
const comparisonOf = ({ id }: { readonly id: string }) =>
  jobs.db.prepare('select * from comparisons where segmentation = ?').get(id);
const shadowRows = () => jobs.db.prepare('select * from segmentations where shadow_of is not null').all();

/** What came of the shadow of a job, once nothing of it is left. */
async function outcome(job: { readonly id: string }) {
  await until(() => comparisonOf(job)?.['state'] !== 'waiting');
  await until(() => shadowRows().every((row) => row['shadow_of'] !== job.id));
  return comparisonOf(job);
}

/** What the library says of both versions, in one piece. */
async function agreement() {
  const [truth, labels] = await Promise.all([inOnePiece(raw), inOnePiece(raw, { threshold: 0.2 })]);
  const { split, merge, total } = variationOfInformation(truth.labels, labels.labels);
  return {
    voi: total,
    row: {
      voxels: truth.labels.filter((label) => label !== 0).length,
      voi_split: expect.closeTo(split, 9),
      voi_merge: expect.closeTo(merge, 9),
    },
  };
}

const shadowNetwork = () => models.predictors.get(challenger.digest) ?? jobs.predictor;

/** Lets the challenger see so many tiles, and no more until it is let go. */
function holdShadow(after = 0): { go: () => void; reached: () => boolean } {
  let open = () => {};
  let tiles = 0;
  const gate = new Promise<void>((resolve) => (open = resolve));
  shadowNetwork().before = async (signal) => {
    if (tiles++ < after) return;
    await Promise.race([
      gate,
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    ]);
  };
  return { go: () => ((shadowNetwork().before = async () => {}), open()), reached: () => tiles > after };
}

describe('a shadow', () => {
  it('says how far the challenger agrees, and changes nothing of the job', async () => {
    models.shadowPercent = 0;
    const alone = await jobs.finished((await submit()).id);
    models.shadowPercent = 100;
    const job = await jobs.finished((await submit()).id);
    const result = await outcome(job);
    const { row, voi } = await agreement();
    expect(voi).toBeGreaterThan(0.01);
    expect(result).toMatchObject({
      ...{ state: 'done', detail: null, champion: model.digest, challenger: challenger.digest },
      ...row,
    });
    expect((await jobs.labels(job)).data).toEqual((await jobs.labels(alone)).data);
    expect(await readdir(join(jobs.directory, 'jobs'))).toEqual([alone.id, job.id].sort());
    expect(models.held).toEqual([]);
  });

  it('is seen by nobody: not in lists, by its id, among events, nor in the queue', async () => {
    await jobs[Symbol.asyncDispose]();
    await serve({ maxQueued: 1 });
    const gate = holdShadow();
    const job = await jobs.finished((await submit()).id);
    await until(gate.reached);
    const [row] = shadowRows();
    const id = String(row?.['id']);
    expect(jobs.segmentations.list({}).items.map((one) => one.id)).toEqual([job.id]);
    expect(jobs.segmentations.list({ state: 'running' }).items).toEqual([]);
    expect(() => jobs.segmentations.get(id)).toThrow(/no segmentation/);
    for (const act of ['cancel', 'resume', 'delete'] as const)
      await expect(jobs.segmentations[act](id)).rejects.toMatchObject({ code: 'segmentation-not-found' });
    expect(jobs.db.prepare('select * from events where segmentation = ?').all(id)).toEqual([]);
    gate.go();
    expect(await outcome(job)).toMatchObject({ state: 'done' });
  });

  it('is made of jobs of the champion only, once for a key', async () => {
    // nobody needs these
    const drop = async (job: SegmentationJson) => (await jobs.segmentations.cancel(job.id)).model.alias;
    for (const reference of [model.digest, challenger.digest, 'challenger'])
      await drop(await submit({ model: reference }));
    expect(comparisons()).toEqual([]);
    const named = await submit({ model: 'champion' }, 'k');
    for (let again = 0; again < 3; again++) await submit({ model: 'champion' }, 'k');
    expect(comparisons().map((row) => row['segmentation'])).toEqual([named.id]);
    models.shadowPercent = 0;
    await drop(await submit());
    models.shadowPercent = 100;
    models.canaryPercent = 100;
    expect(await drop(await submit())).toBe('challenger');
    expect(comparisons()).toHaveLength(1);
    await outcome(named);
    await jobs.segmentations.relabel(named.id, { threshold: 0.3 }, { owner: 'o', signal: never });
    expect(comparisons()).toHaveLength(1);
  });

  it('of a challenger that is not in order is left out', async () => {
    models.shadow = () => {
      throw new Error('its package cannot be read');
    };
    expect(await jobs.finished((await submit()).id)).toMatchObject({ state: 'succeeded' });
    expect(comparisons()).toEqual([]);
  });

  it('that the challenger cannot do fails, and the job does not', async () => {
    models.aliases.challenger = { ...challenger, minimumShape: [64, 64, 64] };
    const job = await submit();
    expect(comparisonOf(job)).toMatchObject({ state: 'failed' });
    expect(comparisonOf(job)?.['detail']).toContain('needs at least 64');
    expect(shadowRows()).toEqual([]);
    expect(await jobs.finished(job.id)).toMatchObject({ state: 'succeeded' });
  });
});

describe('a shadow is in nobody’s way', () => {
  it('a job that comes takes its place, and it goes on behind that one where it was', async () => {
    const gate = holdShadow(5);
    const first = await jobs.finished((await submit()).id);
    const { tiles } = jobs.predictor; // both versions have tiles of one size
    await until(gate.reached);
    models.shadowPercent = 0;
    const second = await jobs.finished((await submit()).id);
    expect(second.state).toBe('succeeded');
    expect(comparisonOf(first)).toMatchObject({ state: 'waiting' });
    gate.go();
    expect(await outcome(first)).toMatchObject({ state: 'done', ...(await agreement()).row });
    // of the task that was interrupted some are seen again, and of no other
    expect(shadowNetwork().tiles).toBeGreaterThanOrEqual(tiles);
    expect(shadowNetwork().tiles).toBeLessThan(2 * tiles);
  });

  it('it waits until all jobs have finished', async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    const first = await jobs.finished((await submit()).id);
    jobs.predictor.before = () => gate;
    models.shadowPercent = 0;
    const second = await submit();
    const third = await submit();
    await until(() => jobs.segmentations.get(second.id).state === 'running');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(comparisonOf(first)).toMatchObject({ state: 'waiting' });
    expect(models.held).toEqual([model.digest]);
    go();
    expect(await outcome(first)).toMatchObject({ state: 'done' });
    expect(jobs.segmentations.get(third.id).state).toBe('succeeded');
  });

  it('it goes on after a restart', async () => {
    const gate = holdShadow(5);
    const job = await jobs.finished((await submit()).id);
    await until(gate.reached);
    await jobs.restart();
    gate.go();
    expect(await outcome(job)).toMatchObject({ state: 'done' });
  });

  it('it is given up when it fails again and again, with the reason', async () => {
    let calls = 0;
    shadowNetwork().before = () => (calls++, Promise.reject(new Error('The model gave NaN.')));
    const job = await jobs.finished((await submit()).id);
    expect(await outcome(job)).toMatchObject({ state: 'failed', detail: 'The model gave NaN.' });
    expect(calls).toBe(3);
    expect(jobs.segmentations.get(job.id)).toMatchObject({ state: 'succeeded' });
    expect(await readdir(join(jobs.directory, 'jobs'))).toEqual([job.id]);
  });

  it('it survives a failure that passes', async () => {
    let calls = 0;
    shadowNetwork().before = async () => {
      if (calls++ === 0) throw new Error('The model gave NaN.');
    };
    expect(await outcome(await submit())).toMatchObject({ state: 'done', detail: null });
  });
});

describe('a shadow is abandoned', () => {
  const deleted = { state: 'abandoned', detail: expect.stringContaining('deleted') };

  it.each(['while it waits', 'while it runs'])('%s, when its job is deleted', async (when) => {
    const { job, go } = await prepared(when);
    await jobs.segmentations.delete(job.id);
    go();
    expect(await outcome(job)).toMatchObject(deleted);
    await until(() => readdirSync(join(jobs.directory, 'jobs')).every((id) => !id.startsWith('shd_')));
    expect(models.held.filter((digest) => digest === challenger.digest)).toEqual([]);
  });

  it.each(['while it waits', 'while it runs'])(
    '%s, when the volume that it reads is deleted',
    async (when) => {
      models.shadowPercent = 0;
      const source = await jobs.finished((await submit()).id);
      models.shadowPercent = 100;
      const volume = source.result?.volume ?? '';
      const { job, go } = await prepared(when, { input: { volume }, rawRange: [0, 9] });
      expect(jobs.segmentations.letGoOf(volume)).toBeUndefined();
      expect(comparisonOf(job)).toMatchObject(deleted);
      go();
      await outcome(job);
      // an ordinary job still holds it
      const reader = await submit({ input: { volume }, rawRange: [0, 9] });
      expect(jobs.segmentations.letGoOf(volume)).toBe(reader.id);
      expect(comparisonOf(reader)).toMatchObject({ state: 'waiting' });
    },
  );

  it.each(['while it waits', 'while it runs'])(
    '%s, when the challenger is another, or none',
    async (when) => {
      const { job, go } = await prepared(when);
      delete models.aliases.challenger;
      if (when === 'while it waits') go();
      expect(await outcome(job)).toMatchObject({
        state: 'abandoned',
        detail: expect.stringContaining('not the challenger'),
      });
      expect(models.held.filter((digest) => digest === challenger.digest)).toEqual([]);
    },
  );

  it('when its job is canceled or fails', async () => {
    jobs.predictor.before = () => Promise.reject(new Error('The model gave NaN.'));
    const job = await jobs.finished((await submit()).id);
    expect(job.state).toBe('failed');
    expect(await outcome(job)).toMatchObject({
      state: 'abandoned',
      detail: expect.stringContaining('failed'),
    });
  });

  it('when the server was killed in the middle of a deletion', async () => {
    const { job } = await prepared('while it runs');
    jobs.db.prepare("update segmentations set state = 'deleting' where id = ?").run(job.id);
    await jobs.restart();
    models.shadowPercent = 0;
    await jobs.finished((await submit()).id);
    expect(await outcome(job)).toMatchObject({ state: 'abandoned' });
  });

  /** A job with a shadow that waits behind another job, or that runs. */
  async function prepared(
    when: string,
    more: Record<string, unknown> = {},
  ): Promise<{ job: SegmentationJson; go: () => void }> {
    const shadow = holdShadow();
    const job = await jobs.finished((await submit(more)).id);
    if (when === 'while it runs') {
      await until(shadow.reached);
      return { job, go: shadow.go };
    }
    let go = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    jobs.predictor.before = () => gate;
    models.shadowPercent = 0;
    const other = await submit();
    models.shadowPercent = 100;
    await until(() => jobs.segmentations.get(other.id).state === 'running');
    return { job, go: () => ((jobs.predictor.before = async () => {}), go(), shadow.go()) };
  }
});

it('a server without any challenger has no shadows', async () => {
  delete models.aliases.challenger;
  await jobs.finished((await submit()).id);
  expect([comparisons(), shadowRows()]).toEqual([[], []]);
});

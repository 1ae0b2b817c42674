import type { Vec3 } from '@tokenunify/em-io';
import { Random } from '@tokenunify/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiProblem } from '../problem.ts';
import { until } from '../testing.fixture.ts';
import { challenger, model, serveJobs, type FakeModels, type Jobs } from './testing.fixture.ts';

const shape: Vec3 = [12, 20, 24];
const never = new AbortController().signal;

let jobs: Jobs;
let models: FakeModels;
let raw: string;
beforeEach(async () => {
  jobs = await serveJobs();
  models = jobs.models;
  models.aliases.challenger = challenger;
  raw = await jobs.raw('a', shape);
});
afterEach(() => jobs[Symbol.asyncDispose]());

const submit = (reference?: string, idempotencyKey?: string) =>
  jobs.segmentations.create(
    { input: { path: raw }, voxelSizeCheck: 'warn', ...(reference !== undefined && { model: reference }) },
    { owner: 'o', signal: never, ...(idempotencyKey !== undefined && { idempotencyKey }) },
  );

describe('the version of a new job', () => {
  it.each([
    [undefined, model.digest, 'champion'],
    ['champion', model.digest, 'champion'],
    ['challenger', challenger.digest, 'challenger'],
    [challenger.digest, challenger.digest, undefined],
  ])('that names %s is pinned when it is made', async (reference, digest, alias) => {
    const made = await submit(reference);
    expect(made.model).toEqual({
      name: 'fake',
      version: digest === model.digest ? '1.0.0' : '1.1.0',
      digest,
      ...(alias && { alias }),
    });
    models.aliases = { champion: challenger };
    expect((await jobs.finished(made.id)).model).toEqual(made.model);
    expect(models.predictors.get(digest)?.tiles).toBeGreaterThan(0);
    expect(models.held).toEqual([]);
  });

  it('that nobody knows is refused, with what there is', async () => {
    const response = await jobs.app.request('/v1/segmentations', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ input: { path: raw }, model: 'sha256:no' }),
    });
    expect(await response.json()).toMatchObject({
      status: 422,
      code: 'unknown-model',
      field: 'body.model',
      value: 'sha256:no',
      limit: ['champion', model.digest, challenger.digest],
    });
    expect(jobs.segmentations.list({}).items).toEqual([]);
  });

  it('that was retired while the volume was opened is chosen again, or refused when it was named', async () => {
    models.canaryPercent = 100;
    const pathOf = models.resolve.bind(models);
    let retired = false;
    models.resolve = (reference) => {
      if (reference === challenger.digest && !retired) {
        retired = true;
        models.versions.delete(challenger);
        models.aliases = { champion: model };
      }
      return pathOf(reference);
    };
    expect((await submit()).model.digest).toBe(model.digest);
    await expect(submit(challenger.digest)).rejects.toMatchObject({ code: 'unknown-model' });
  });
});

describe('a canary', () => {
  /** Of jobs that wait behind one that is held: how many the challenger is to do. */
  const shareOf = async (percent: number, count: number, reference?: string) => {
    await jobs[Symbol.asyncDispose]();
    const random = new Random(7);
    jobs = await serveJobs({ maxQueued: 2000, random: () => random.next() });
    jobs.predictor.before = () => new Promise(() => {});
    models = jobs.models;
    raw = await jobs.raw('a', shape);
    await submit('champion');
    models.aliases.challenger = challenger;
    models.canaryPercent = percent;
    let share = 0;
    for (let job = 0; job < count; job++)
      if ((await submit(reference)).model.digest === challenger.digest) share++;
    return share;
  };

  it('gets its share of the jobs that name no version', async () => {
    const percent = 30;
    // four standard deviations of a binomial
    const spread = 4 * Math.sqrt((1000 * percent * (100 - percent)) / 1e4);
    expect(Math.abs((await shareOf(percent, 1000)) - 10 * percent)).toBeLessThan(spread);
  });

  it.each([
    ['none at 0 %', 0, undefined, 0],
    ['all at 100 %', 100, undefined, 50],
    ['none that name the champion', 100, 'champion', 0],
  ])('gets %s', async (_, percent, reference, share) => {
    expect(await shareOf(percent, 50, reference)).toBe(share);
  });

  it('is drawn once for a key, however often its request comes', async () => {
    await jobs[Symbol.asyncDispose]();
    let draws = 0;
    jobs = await serveJobs({ random: () => [0.9, 0.1][draws++] ?? 0.1 });
    models = jobs.models;
    models.aliases.challenger = challenger;
    models.canaryPercent = 50;
    raw = await jobs.raw('a', shape);
    const made = await submit(undefined, 'k');
    expect(made.model).toMatchObject({ digest: model.digest, alias: 'champion' });
    await jobs.restart();
    for (let again = 0; again < 5; again++)
      expect(await submit(undefined, 'k')).toMatchObject({ id: made.id, model: made.model });
    expect((await submit(undefined, 'other')).model).toMatchObject({ alias: 'challenger' });
  });
});

describe('a job whose version', () => {
  it('is gone says which, and how to go on', async () => {
    let go = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    jobs.predictor.before = () => gate;
    const first = await submit();
    const { id } = await submit('challenger');
    models.aliases = { champion: model };
    models.versions.delete(challenger);
    go();
    await jobs.finished(first.id);
    const failed = await jobs.finished(id);
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'unknown-model' } });
    expect(failed.error?.detail).toContain('fake 1.1.0 (sha256:11)');
    expect(failed.error?.detail).toContain('POST /v1/models');
    models.versions.add(challenger);
    await jobs.segmentations.resume(id);
    expect(await jobs.finished(id)).toMatchObject({
      state: 'succeeded',
      model: { digest: challenger.digest },
    });
  });

  it('is let go of when the job fails, is canceled, or the server stops', async () => {
    jobs.predictor.before = () => Promise.reject(new Error('The model gave NaN.'));
    await jobs.finished((await submit()).id);
    expect(models.held).toEqual([]);
    const hold = (signal: AbortSignal | undefined) =>
      new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    jobs.predictor.before = hold;
    const { id } = await submit();
    await until(() => models.held.length > 0);
    await jobs.segmentations.cancel(id);
    expect(models.held).toEqual([]);
    await submit();
    await until(() => models.held.length > 0);
    await jobs.segmentations.close();
    expect(models.held).toEqual([]);
  });

  it('finds no place among those that are loaded waits for one', async () => {
    let asked = 0;
    models.beforeAcquire = () => {
      if (asked++ === 0) throw new ApiProblem('busy', 'All places are taken.');
    };
    const job = await jobs.finished((await submit()).id);
    expect([job.state, asked]).toEqual(['succeeded', 2]);
  });
});

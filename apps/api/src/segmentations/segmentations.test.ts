import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import { createVolume, type Vec3 } from '@tokenunify/em-io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGuardedFetch } from '../remote/index.ts';
import { until } from '../testing.fixture.ts';
import { filesBelow, inOnePiece, serveJobs, type Jobs } from './testing.fixture.ts';
import type { SegmentationJson } from './types.ts';

let jobs: Jobs;
beforeEach(async () => void (jobs = await serveJobs()));
afterEach(() => jobs[Symbol.asyncDispose]());

const shape: Vec3 = [20, 36, 40];
const never = new AbortController().signal;

function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  return jobs.app.request(path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

const post = (body: Record<string, unknown>, headers?: Record<string, string>) =>
  send('POST', '/v1/segmentations', body, headers);

async function submit(path: string, body: Record<string, unknown> = {}, headers?: Record<string, string>) {
  const response = await post({ input: { path }, ...body }, headers);
  expect([200, 202], await response.clone().text()).toContain(response.status);
  return (await response.json()) as SegmentationJson;
}

/** Holds the network until it is let go. */
function hold(): { go: () => void; reached: () => boolean } {
  let open: () => void = () => {};
  let reached = false;
  const gate = new Promise<void>((resolve) => (open = resolve));
  jobs.predictor.before = async (signal) => {
    reached = true;
    await Promise.race([
      gate,
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
    ]);
  };
  return {
    go: () => {
      jobs.predictor.before = async () => {};
      open();
    },
    reached: () => reached,
  };
}

describe('a job', () => {
  it('gives the labels that the library gives in one piece, and says what made them', async () => {
    const raw = await jobs.raw('a', shape, { voxelSize: [10, 10, 10] });
    const response = await post({ input: { path: raw }, name: 'cube' });
    expect(response.status).toBe(202);
    const made = (await response.json()) as SegmentationJson;
    expect(response.headers.get('location')).toBe(`/v1/segmentations/${made.id}`);
    const job = await jobs.finished(made.id);
    expect(job).toMatchObject({
      state: 'succeeded',
      name: 'cube',
      model: { digest: 'sha256:00' },
      warnings: [],
    });
    const expected = await inOnePiece(raw);
    expect(expected.count).toBeGreaterThan(5);
    expect(job.result).toMatchObject({
      labelCount: expected.count,
      shape: [...shape],
      voxelSize: [10, 10, 10],
    });
    const labels = await jobs.labels(job);
    expect(
      Buffer.compare(Buffer.from(labels.data.buffer as ArrayBuffer), Buffer.from(expected.labels.buffer)),
    ).toBe(0);
    expect(job.progress).toMatchObject({ fraction: 1 });
  });

  it('is answered when it has finished, if the caller prefers to wait', async () => {
    const raw = await jobs.raw('a', shape);
    const response = await post({ input: { path: raw } }, { prefer: 'respond-async, wait=30' });
    expect(response.status).toBe(200);
    expect(response.headers.get('preference-applied')).toBe('wait=30');
    expect(((await response.json()) as SegmentationJson).state).toBe('succeeded');
  });

  it('that is not done in time is answered as it stands', async () => {
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    const response = await post({ input: { path: raw } }, { prefer: 'wait=0' });
    expect(response.status).toBe(202);
    gate.go();
  });

  it('of a box sees the affinities of the whole volume', async () => {
    const raw = await jobs.raw('a', shape);
    const box = { start: [4, 0, 8], stop: [20, 32, 40] };
    const job = await jobs.finished((await submit(raw, { box })).id);
    expect(job).toMatchObject({ state: 'succeeded', box, result: { shape: [16, 32, 32] } });
  });

  it('goes on after a restart, and its result is the same byte for byte', async () => {
    const raw = await jobs.raw('a', shape);
    const undisturbed = await jobs.finished((await submit(raw)).id);
    let tiles = 0;
    const gate = hold();
    const before = jobs.predictor.before;
    jobs.predictor.before = async (signal) => {
      if (++tiles > 5) await before(signal);
    };
    const { id } = await submit(raw);
    await until(() => gate.reached());
    await jobs.restart();
    gate.go();
    const job = await jobs.finished(id);
    expect(job.state).toBe('succeeded');
    const results = await Promise.all(
      [undisturbed.id, id].map((one) => filesBelow(join(jobs.directory, 'results', `${one}.zarr`, 'c'))),
    );
    expect(results[0]?.size).toBeGreaterThan(1);
    expect(results[1]).toEqual(results[0]);
  });
});

describe('an idempotency key', () => {
  const key = (value: string) => ({ 'idempotency-key': value });

  it('makes one job of a request that is sent again, however its JSON is ordered', async () => {
    const raw = await jobs.raw('a', shape);
    const first = await submit(raw, { name: 'x', rawRange: [0, 255] }, key('k'));
    const again = await post({ rawRange: [0, 255], name: 'x', input: { path: raw } }, key('k'));
    expect(((await again.json()) as SegmentationJson).id).toBe(first.id);
    expect((await submit(raw, { name: 'x', rawRange: [0, 255] }, key('other'))).id).not.toBe(first.id);
  });

  it('makes one job of requests that come at once, and of one that comes after a restart', async () => {
    const raw = await jobs.raw('a', shape);
    const all = await Promise.all(Array.from({ length: 8 }, () => submit(raw, {}, key('k'))));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    await jobs.restart();
    expect((await submit(raw, {}, key('k'))).id).toBe(all[0]?.id);
  });

  it('refuses another request', async () => {
    const raw = await jobs.raw('a', shape);
    await submit(raw, {}, key('k'));
    const response = await post({ input: { path: raw }, name: 'another' }, key('k'));
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'idempotency-key-reused' });
  });

  it('is free again when its request was refused', async () => {
    const raw = await jobs.raw('a', shape);
    expect((await post({ input: { path: `${raw}.not` } }, key('k'))).status).toBe(422);
    await submit(raw, {}, key('k'));
  });
});

describe('a request that cannot be done is refused at once', () => {
  it.each([
    ['an unknown model', { model: 'other' }, 422, 'unknown-model'],
    ['a box that leaves the volume', { box: { start: [0, 0, 0], stop: [20, 36, 41] } }, 422, 'box-outside'],
    ['an empty box', { box: { start: [5, 0, 0], stop: [5, 36, 40] } }, 422, 'box-outside'],
    ['a cell whose block is no piece', { postprocessing: { cell: [4, 4, 4] } }, 400, 'invalid-body'],
    ['a scoring that is none', { postprocessing: { scoring: 'median' } }, 400, 'invalid-body'],
    ['a field that is none', { treshold: 0.5 }, 400, 'invalid-body'],
    ['white below black', { rawRange: [255, 0] }, 422, 'invalid-body'],
  ])('%s', async (_, body, status, code) => {
    const raw = await jobs.raw('a', shape);
    const response = await post({ input: { path: raw }, ...body });
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem['code']).toBe(code);
    expect(response.status).toBe(code === 'invalid-body' ? 400 : status);
    expect(jobs.segmentations.list({}).items).toEqual([]);
  });

  it.each([
    ['no JSON', 'application/json', '{bad', 400, 'invalid-body'],
    ['nothing', 'application/json', '', 400, 'invalid-body'],
    ['another type', 'text/plain', '{}', 415, 'unsupported-content-type'],
    ['no type', undefined, '{}', 415, 'unsupported-content-type'],
    ['a compressed body', 'application/json', '{}', 415, 'unsupported-content-encoding', 'gzip'],
    ['two megabytes', 'application/json', `{"name":"${'x'.repeat(2 ** 21)}"}`, 413, 'body-too-large'],
  ] as const)('a body of %s', async (_, type, body, status, code, encoding?: string) => {
    const response = await jobs.app.request('/v1/segmentations', {
      method: 'POST',
      headers: { ...(type && { 'content-type': type }), ...(encoding && { 'content-encoding': encoding }) },
      body: new TextEncoder().encode(body), // a string would bring a type of its own
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  it('voxels that are not grey values', async () => {
    const raw = await jobs.raw('wide', shape, { dtype: 'uint16' });
    expect(await (await post({ input: { path: raw } })).json()).toMatchObject({
      status: 422,
      code: 'unsupported-dtype',
    });
    const job = await jobs.finished((await submit(raw, { rawRange: [0, 25500] })).id);
    expect(job.state).toBe('succeeded');
  });

  it('a volume that is too large, or too small', async () => {
    const small = await jobs.raw('small', [1, 36, 40]);
    expect(await (await post({ input: { path: small } })).json()).toMatchObject({ code: 'volume-too-small' });
    await jobs[Symbol.asyncDispose]();
    jobs = await serveJobs({ maxVoxels: 1000 });
    const raw = await jobs.raw('a', shape);
    expect(await (await post({ input: { path: raw } })).json()).toMatchObject({
      status: 413,
      code: 'volume-too-large',
      limit: 1000,
    });
  });

  it('a volume that is nothing but long, at once', async () => {
    const raw = join(jobs.directory, 'long.zarr');
    await (await createVolume(raw, { shape: [4, 16, 1e9], dtype: 'uint8' })).close();
    const start = performance.now();
    const response = await post({ input: { path: raw } });
    expect(await response.json()).toMatchObject({ status: 413, code: 'volume-too-large' });
    const box = { start: [0, 0, 0], stop: [4, 16, 1000] };
    expect(await (await post({ input: { path: raw }, box })).json()).toMatchObject({
      code: 'volume-too-large',
    });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('a URL with a password, or one that leads into this machine', async () => {
    for (const url of [
      'https://user:secret@example.org/x.zarr',
      'http://127.0.0.1:9/x.zarr',
      'http://localhost/x.zarr',
    ]) {
      const response = await post({ input: { url } });
      expect(response.status).toBe(422);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ code: 'url-not-allowed' });
      expect(text).not.toContain('secret');
    }
    expect((await post({ input: { url: 'file:///etc/passwd' } })).status).toBe(400);
  });

  it('a voxel size far from the model’s, if the caller says so; else it is a warning', async () => {
    const raw = await jobs.raw('a', shape, { voxelSize: [40, 4, 4] });
    const refused = await post({ input: { path: raw }, voxelSizeCheck: 'refuse' });
    expect(await refused.json()).toMatchObject({ status: 422, code: 'voxel-size-far', limit: [10, 10, 10] });
    const job = await jobs.finished((await submit(raw)).id);
    expect(job).toMatchObject({ state: 'succeeded', warnings: [{ code: 'voxel-size-far' }] });
    expect(job.warnings[0]?.detail).toContain('40 x 4 x 4 nm');
  });

  it('one more than may wait', async () => {
    await jobs[Symbol.asyncDispose]();
    jobs = await serveJobs({ maxQueued: 2 });
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    await submit(raw);
    await until(() => gate.reached());
    await submit(raw);
    await submit(raw);
    const response = await post({ input: { path: raw } });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ code: 'queue-full', limit: 2 });
    gate.go();
  });
});

describe('a list of jobs', () => {
  it('is cut into pages, newest first, and can be of one state', async () => {
    const raw = await jobs.raw('a', shape);
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      ids.push((await submit(raw)).id);
      await new Promise((resolve) => setTimeout(resolve, 2)); // ids sort by the millisecond
    }
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 4; pages++) {
      const response = await send('GET', `/v1/segmentations?limit=2${cursor && `&cursor=${cursor}`}`);
      const page = (await response.json()) as { items: SegmentationJson[]; next?: string };
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === undefined) break;
      cursor = page.next;
    }
    expect(seen).toEqual(ids.toReversed());
    for (const id of ids) await jobs.finished(id);
    const failed = await send('GET', '/v1/segmentations?state=failed');
    expect(await failed.json()).toEqual({ items: [] });
    expect((await send('GET', '/v1/segmentations?limit=0')).status).toBe(400);
  });
});

describe('events', () => {
  it('tell of a job from its beginning to its end, and again from behind any of them', async () => {
    const raw = await jobs.raw('a', shape, { voxelSize: [40, 4, 4] });
    const { id } = await submit(raw);
    const response = await send('GET', `/v1/segmentations/${id}/events`);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const text = await response.text(); // ends with the job
    const events = parse(text);
    expect(events.map(({ id: seq }) => seq)).toEqual(events.map((_, i) => i + 1));
    expect(events.filter(({ event }) => event === 'state').map(({ data }) => data.state)).toEqual([
      'queued',
      'running',
      'succeeded',
    ]);
    expect(events.some(({ event }) => event === 'warning')).toBe(true);
    expect(events.some(({ event }) => event === 'progress')).toBe(true);
    const rest = await send('GET', `/v1/segmentations/${id}/events`, undefined, { 'last-event-id': '2' });
    expect(parse(await rest.text())).toEqual(events.slice(2));
    const wrong = await send('GET', `/v1/segmentations/${id}/events`, undefined, { 'last-event-id': 'x' });
    expect(wrong.status).toBe(400);
  });

  const parse = (text: string) =>
    text
      .split('\n\n')
      .filter((block) => block.startsWith('event:') || block.startsWith('id:') || block.startsWith('data:'))
      .map((block) => {
        const fields = Object.fromEntries(
          block
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        return { id: Number(fields['id']), event: fields['event'], data: JSON.parse(fields['data'] ?? '{}') };
      });
});

describe('a job that is stopped', () => {
  it('is canceled, keeps what it did, and can go on', async () => {
    const raw = await jobs.raw('a', shape);
    let tiles = 0;
    const gate = hold();
    const before = jobs.predictor.before;
    jobs.predictor.before = async (signal) => {
      if (++tiles > 4) await before(signal);
    };
    const { id } = await submit(raw);
    await until(() => gate.reached());
    const canceled = await send('POST', `/v1/segmentations/${id}/cancel`);
    expect(await canceled.json()).toMatchObject({ state: 'canceled' });
    expect((await send('POST', `/v1/segmentations/${id}/cancel`)).status).toBe(200);
    gate.go();
    const resumed = await send('POST', `/v1/segmentations/${id}/resume`);
    expect(resumed.status).toBe(202);
    const job = await jobs.finished(id);
    expect(job.state).toBe('succeeded');
    expect(job.result?.labelCount).toBe((await inOnePiece(raw)).count);
    for (const action of ['cancel', 'resume']) {
      const late = await send('POST', `/v1/segmentations/${id}/${action}`);
      expect(await late.json()).toMatchObject({ status: 409, code: 'segmentation-finished' });
    }
  });

  it('before it began never begins', async () => {
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    const first = await submit(raw);
    const second = await submit(raw);
    await jobs.segmentations.cancel(second.id);
    gate.go();
    expect((await jobs.finished(first.id)).state).toBe('succeeded');
    expect(jobs.segmentations.get(second.id)).toMatchObject({ state: 'canceled' });
    expect(jobs.segmentations.get(second.id).startedAt).toBeUndefined();
  });

  it('by its model says why, and succeeds when that is mended', async () => {
    const raw = await jobs.raw('a', shape);
    jobs.predictor.before = () => Promise.reject(new Error('The model gave NaN.'));
    const { id } = await submit(raw);
    const failed = await jobs.finished(id);
    expect(failed).toMatchObject({
      state: 'failed',
      error: { code: 'inference-failed', detail: 'The model gave NaN.' },
    });
    jobs.predictor.before = async () => {};
    await jobs.segmentations.resume(id);
    expect(await jobs.finished(id)).toMatchObject({ state: 'succeeded' });
    expect(jobs.segmentations.get(id).error).toBeUndefined();
  });

  it('is deleted with all it made, but not while it runs', async () => {
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    const { id } = await submit(raw);
    await until(() => gate.reached());
    expect(await (await send('DELETE', `/v1/segmentations/${id}`)).json()).toMatchObject({
      status: 409,
      code: 'segmentation-active',
    });
    gate.go();
    await jobs.finished(id);
    expect((await send('DELETE', `/v1/segmentations/${id}`)).status).toBe(204);
    expect((await send('GET', `/v1/segmentations/${id}`)).status).toBe(404);
    for (const path of [join('jobs', id), join('results', `${id}.zarr`)])
      await expect(stat(join(jobs.directory, path))).rejects.toThrow(/ENOENT/);
  });
});

describe('agglomerating again', () => {
  it('gives another partition without asking the model, and outlives the first job', async () => {
    const raw = await jobs.raw('a', shape);
    const parent = await jobs.finished((await submit(raw)).id);
    const { tiles } = jobs.predictor;
    const response = await send('POST', `/v1/segmentations/${parent.id}/relabel`, {
      threshold: 0.2,
      scoring: 'max',
    });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as SegmentationJson;
    expect((await send('DELETE', `/v1/segmentations/${parent.id}`)).status).toBe(204);
    const job = await jobs.finished(id);
    expect(jobs.predictor.tiles).toBe(tiles);
    const expected = await inOnePiece(raw, { threshold: 0.2, scoring: 'max' });
    expect(expected.count).not.toBe(parent.result?.labelCount);
    expect(job).toMatchObject({
      state: 'succeeded',
      parent: parent.id,
      result: { labelCount: expected.count },
    });
    expect((await jobs.labels(job)).data).toEqual(expected.labels);
    // and once more, from the one that agglomerated
    const third = await jobs.segmentations.relabel(id, {}, { owner: 'anonymous', signal: never });
    expect((await jobs.finished(third.id)).result?.labelCount).toBe(expected.count);
  });

  it('needs a job that succeeded', async () => {
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    const { id } = await submit(raw);
    const response = await send('POST', `/v1/segmentations/${id}/relabel`, { threshold: 0.2 });
    expect(await response.json()).toMatchObject({ status: 409, code: 'segmentation-not-succeeded' });
    expect((await send('POST', '/v1/segmentations/seg_no/relabel', {})).status).toBe(404);
    gate.go();
  });
});

describe('requests at an awkward moment', () => {
  it('resume of a job that runs changes nothing', async () => {
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    const { id } = await submit(raw);
    await until(() => gate.reached());
    for (let i = 0; i < 2; i++) {
      const response = await send('POST', `/v1/segmentations/${id}/resume`);
      expect(await response.json()).toMatchObject({ status: 409, code: 'segmentation-active' });
    }
    gate.go();
    expect((await jobs.finished(id)).state).toBe('succeeded');
  });

  it('resume that comes twice is done once', async () => {
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    const { id } = await submit(raw);
    await until(() => gate.reached());
    await jobs.segmentations.cancel(id);
    gate.go();
    const answers = await Promise.all([1, 2, 3].map(() => send('POST', `/v1/segmentations/${id}/resume`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
    expect((await jobs.finished(id)).state).toBe('succeeded');
  });

  it('the client that sent a key first may go: the one that waits still gets the job', async () => {
    let open = () => {};
    const slow = new Promise<void>((resolve) => (open = resolve));
    await jobs[Symbol.asyncDispose]();
    jobs = await serveJobs({ sources: slowSources(slow) });
    const path = await jobs.raw('a', shape);
    const request = { input: { path }, voxelSizeCheck: 'warn' as const };
    const first = new AbortController();
    const second = new AbortController();
    const submission = (signal: AbortSignal) => ({ owner: 'o', idempotencyKey: 'k', signal });
    const one = jobs.segmentations.create(request, submission(first.signal));
    const two = jobs.segmentations.create(request, submission(second.signal));
    first.abort(new Error('gone'));
    await expect(one).rejects.toThrow('gone');
    open();
    expect((await two).id).toMatch(/^seg_/);
  });

  it('a key whose clients have all gone is free at once, and makes one job', async () => {
    let open = () => {};
    const slow = new Promise<void>((resolve) => (open = resolve));
    await jobs[Symbol.asyncDispose]();
    jobs = await serveJobs({ sources: slowSources(slow) });
    const path = await jobs.raw('a', shape);
    const request = { input: { path }, voxelSizeCheck: 'warn' as const };
    const gone = new AbortController();
    const submission = (signal: AbortSignal) => ({ owner: 'o', idempotencyKey: 'k', signal });
    const first = jobs.segmentations.create(request, submission(gone.signal));
    gone.abort(new Error('gone'));
    await expect(first).rejects.toThrow('gone');
    const again = jobs.segmentations.create(request, submission(never));
    open();
    const { id } = await again;
    expect(jobs.segmentations.list({}).items.map((job) => job.id)).toEqual([id]);
  });

  it('HEAD of events, and events of a job that has no more of them, leave nothing open', async () => {
    const raw = await jobs.raw('a', shape);
    const gate = hold();
    const { id } = await submit(raw);
    await until(() => gate.reached());
    const head = await send('HEAD', `/v1/segmentations/${id}/events`);
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(await head.text()).toBe('');
    gate.go();
    await jobs.finished(id);
    const spent = await send('GET', `/v1/segmentations/${id}/events`, undefined, { 'last-event-id': '99' });
    expect(spent.status).toBe(204);
  });

  it('a result that another job still reads is not deleted with its job', async () => {
    await jobs[Symbol.asyncDispose]();
    jobs = await serveJobs({});
    const raw = await jobs.raw('a', shape);
    const parent = await jobs.finished((await submit(raw)).id);
    const gate = hold();
    const volume = `results/${parent.id}.zarr`; // where this fixture keeps it
    const reader = jobs.segmentations.create(
      { input: { volume: parent.result?.volume ?? '' }, rawRange: [0, 9], voxelSizeCheck: 'warn' },
      { owner: 'o', signal: never },
    );
    await expect(stat(join(jobs.directory, volume))).resolves.toBeTruthy();
    const { id } = await reader;
    const refused = await send('DELETE', `/v1/segmentations/${parent.id}`);
    expect(await refused.json()).toMatchObject({ status: 409, code: 'volume-in-use', value: id });
    await jobs.segmentations.cancel(id);
    expect((await send('DELETE', `/v1/segmentations/${parent.id}`)).status).toBe(204);
    gate.go();
  });

  it('a cancel while the result is being shown comes too late, and says so', async () => {
    let published = () => {};
    let publishing = false;
    const gate = new Promise<void>((resolve) => (published = resolve));
    await jobs[Symbol.asyncDispose]();
    jobs = await serveJobs({}, async () => {
      publishing = true;
      await gate;
    });
    const raw = await jobs.raw('a', shape);
    const { id } = await submit(raw);
    await until(() => publishing);
    const canceling = send('POST', `/v1/segmentations/${id}/cancel`);
    published();
    expect(await (await canceling).json()).toMatchObject({ status: 409, code: 'segmentation-finished' });
    expect(jobs.segmentations.get(id)).toMatchObject({ state: 'succeeded' });
  });
});

describe('what does not fit into the memory of a job', () => {
  it('is refused: a cell, a chunk', async () => {
    await jobs[Symbol.asyncDispose]();
    jobs = await serveJobs({ memoryLimit: 3e6 });
    const raw = await jobs.raw('a', [64, 64, 64]);
    const cell = await post({ input: { path: raw }, postprocessing: { cell: [64, 64, 64] } });
    expect(await cell.json()).toMatchObject({ code: 'invalid-postprocessing', limit: 3e6 });
    const path = join(jobs.directory, 'chunky.zarr');
    const chunkShape = [128, 128, 128] as const;
    await (await createVolume(path, { shape: [128, 128, 128], chunkShape, dtype: 'uint8' })).close();
    const box = { start: [0, 0, 0], stop: [16, 16, 16] };
    const chunk = await post({ input: { path }, box });
    expect(await chunk.json()).toMatchObject({ status: 422, code: 'volume-unreadable' });
  });
});

/** Sources that make the check of a request wait. */
function slowSources(slow: Promise<void>) {
  return {
    pathOf: () => '',
    resolvePath: async (path: string) => {
      await slow;
      return { path };
    },
    fetch: createGuardedFetch({}),
  };
}

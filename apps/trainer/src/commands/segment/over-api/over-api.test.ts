import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, utimes } from 'node:fs/promises';
import { openVolume } from '@tokenunify/em-io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bench, CHUNKS, expected, labelled, shape, type Bench } from './command.fixture.ts';

let server: Bench['server'];
let own: Bench;
let at: Bench['at'];
let files: Bench['files'];
let run: Bench['run'];
let read: Bench['read'];
let count: Bench['count'];
let chunks: Bench['chunks'];
beforeEach(async () => {
  own = await bench();
  ({ server, at, files, run, read, count, chunks } = own);
});
afterEach(() => own.close());

describe('segment --api', () => {
  it('uploads, follows the job, downloads, and leaves nothing behind', async () => {
    server.key = 'tu_secret';
    server.warnings.push({ code: 'voxel-size-far', detail: 'Voxels are coarse.' });
    const { error, stages, notes, result } = await run({ apiKey: 'tu_secret' });
    expect(error).toBeUndefined();
    expect(stages).toEqual([
      ...['upload', 'tiles', 'affinities', 'fragments', 'graph', 'agglomeration', 'labels', 'download'],
    ]);
    expect(notes).toContain('Warning: Voxels are coarse.');
    expect(result).toMatchObject({
      ...{
        labels: 4,
        fragments: 9,
        shape: [...shape],
        model: 'sha256:fake',
        job: expect.stringMatching(/^seg_/),
      },
      warnings: [{ code: 'voxel-size-far' }],
    });
    expect(await read('out.npy')).toEqual({ dtype: 'uint32', shape: [...shape], data: expected });
    expect([server.volumes.size, server.jobs.size]).toEqual([0, 0]);
    expect(await files()).toEqual(['out.npy', 'raw.zarr']);
    expect(chunks()).toEqual(Array.from({ length: CHUNKS }, () => 1));
    expect(count(/^HEAD/)).toBe(0);
  });

  it('asks for what the options say, and uploads only the box', async () => {
    const { result } = await run({
      ...{ output: 'out.zarr', box: '2:34,:,10:', threshold: 0.3, scoring: 'hist50', minimumSize: 7 },
      ...{ cell: [64, 64, 64], rawRange: [0, 200], model: 'other', keep: true },
    });
    expect(result).toMatchObject({ shape: [32, 50, 60] });
    const [job] = [...server.jobs.values()];
    expect(job?.request).toEqual({
      ...{ input: { volume: expect.any(String) }, name: 'raw.zarr', model: 'other', rawRange: [0, 200] },
      postprocessing: { threshold: 0.3, scoring: 'hist50', minimumSize: 7, cell: [64, 64, 64] },
    });
    const whole = await openVolume(at('raw.zarr'));
    const box = await whole.read({ start: [2, 0, 10], stop: [34, 50, 70] });
    await whole.close();
    expect((await read('out.zarr')).data).toEqual(labelled(box.data as Uint8Array));
    expect([server.volumes.size, server.jobs.size]).toEqual([2, 1]);
  });

  it('writes the same bytes as the local command would', async () => {
    await run({ output: 'out.zarr' });
    const local = { dtype: 'uint32', shape, data: expected } as const;
    const { saveVolume } = await import('../output.ts');
    await saveVolume(at('local.zarr'), local, { overwrite: false });
    const files = (await readdir(at('local.zarr'), { recursive: true })).sort();
    expect((await readdir(at('out.zarr'), { recursive: true })).sort()).toEqual(files);
    for (const file of files.filter((name) => /(\.json|\d\/\d\/\d)$/.test(name)))
      expect(readFileSync(at(`out.zarr/${file}`)).equals(readFileSync(at(`local.zarr/${file}`))), file).toBe(
        true,
      );
  });

  it('shows why a job failed, and goes on with it when started again', async () => {
    server.failures.push({ code: 'inference-failed', detail: 'The model ran out of memory.' });
    const first = await run();
    expect(first.message).toMatch(
      /^The segmentation seg_\d+ failed: The model ran out of memory; run the same command again to go on with it\.$/,
    );
    expect(first.error).toMatchObject({ code: 'trainer/run' });
    expect(await files()).toEqual(['out.npy.segment.json', 'raw.zarr']);
    const second = await run();
    expect(second.error).toBeUndefined();
    expect(count(/^POST .*\/resume$/)).toBe(1);
    expect(count(/^POST \/v1\/segmentations$/)).toBe(1);
    expect(chunks().every((times) => times === 1)).toBe(true);
  });

  it.each([
    ['without a key', {}, /It is unauthorized\./],
    ['with a key that no header can carry', { apiKey: 'a b' }, /The API key is empty or has a character/],
    ['to nobody', { api: 'http://127.0.0.1:1', patience: 0 }, /got no answer .* run the same command again/],
    ['to no URL', { api: 'localhost' }, /write it as https:\/\/host/],
    ['of a box thinner than the model takes', { box: ':3,:,:', apiKey: 'tu_k' }, /takes 4 x 4 x 4 at least/],
    ['of a box outside', { box: ':999,:,:' }, /asks for 0:999 on axis z/],
  ] as const)('is refused %s, before anything is uploaded', async (_, options, message) => {
    server.key = 'tu_k';
    const { message: told } = await run(options);
    expect(told).toMatch(message);
    expect(count(/^PUT/)).toBe(0);
    expect(await files()).toEqual(['raw.zarr']);
  });

  it('leaves what it should replace when the new one cannot be put in its place, and then knows that it did not', async () => {
    await run({ output: 'earlier.npy', box: ':8,:,:' });
    writeFileSync(at('out.npy'), readFileSync(at('earlier.npy')));
    server.fault = (request) => {
      // the last question before the move
      const unfinished = readdirSync(at('.')).find((name) => /^\.unfinished-.*npy$/.test(name));
      if (/^GET \/v1\/volumes\/\w+$/.test(request) && unfinished) rmSync(at(unfinished));
      return undefined;
    };
    expect((await run({ overwrite: true })).message).toMatch(/ENOENT/);
    expect(readFileSync(at('out.npy')).equals(readFileSync(at('earlier.npy')))).toBe(true);
    server.fault = () => undefined;
    expect((await run({ overwrite: true })).error).toBeUndefined();
    expect((await read('out.npy')).data).toEqual(expected);
    expect(await files()).toEqual(['earlier.npy', 'out.npy', 'raw.zarr']);
  });

  it('replaces an output only when told to', async () => {
    await run();
    const made = server.requests.length;
    expect((await run()).message).toMatch(/exists already; .* --overwrite/);
    expect(server.requests.length).toBe(made);
    expect((await run({ overwrite: true })).error).toBeUndefined();
  });
});

describe('started again after it was stopped, it', () => {
  /** Stops the command when a request comes that fits. */
  async function stoppedAt(pattern: RegExp, options: Parameters<typeof run>[0] = {}, times = 1) {
    const controller = new AbortController();
    const reason = new Error('stop');
    server.fault = (request) => {
      if (pattern.test(request) && --times === 0) controller.abort(reason);
      return undefined;
    };
    const { error, notes } = await run(options, controller.signal);
    expect(error).toBe(reason);
    expect(notes.at(-1)).toMatch(/^Stopped; run the same command again/);
    server.fault = () => undefined;
  }

  it('sends only the chunks that are not there', async () => {
    await stoppedAt(/^PUT .*\/c\//, {}, 6);
    const before = chunks().length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(CHUNKS);
    const { error, notes } = await run();
    expect(error).toBeUndefined();
    expect(notes).toContain('Going on with what an earlier command began.');
    expect(count(/^POST \/v1\/volumes$/)).toBe(1);
    expect(count(/^HEAD/)).toBe(CHUNKS);
    expect(chunks()).toHaveLength(CHUNKS);
    expect((await read('out.npy')).data).toEqual(expected);
  });

  it('follows the job it made, and uploads nothing again', async () => {
    server.pace = 30;
    await stoppedAt(/events$/);
    const puts = count(/^PUT/);
    expect((await run()).error).toBeUndefined();
    expect(count(/^PUT/)).toBe(puts);
    expect(count(/^HEAD/)).toBe(0);
    expect(count(/^POST \/v1\/segmentations$/)).toBe(1);
    expect((await read('out.npy')).data).toEqual(expected);
  });

  it('fetches the labels anew, and only whole they appear', async () => {
    await stoppedAt(/^GET .*\/c\//, {}, 3);
    expect(await files()).toEqual(['out.npy.segment.json', 'raw.zarr']);
    expect((await run()).error).toBeUndefined();
    expect(await files()).toEqual(['out.npy', 'raw.zarr']);
  });

  it('clears up what was left when only that was missing', async () => {
    await stoppedAt(/^DELETE \/v1\/segmentations/);
    const requests = server.requests.length;
    const { error, result } = await run();
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ labels: 4, model: 'sha256:fake' });
    expect(server.requests.slice(requests).every((request) => /^DELETE/.test(request))).toBe(true);
    expect([server.volumes.size, server.jobs.size]).toEqual([0, 0]);
  });

  it('makes what has vanished from the server again', async () => {
    server.pace = 30;
    await stoppedAt(/events$/);
    server.jobs.clear();
    const { error, notes } = await run();
    expect(error).toBeUndefined();
    expect(notes.join('\n')).toMatch(/seg_\d+ is not on the server any more; making another/);
    await stoppedAt(/seal$/, { output: 'second.npy' });
    server.volumes.clear();
    const second = await run({ output: 'second.npy' });
    expect(second.error).toBeUndefined();
    expect(second.notes.join('\n')).toMatch(/not on the server any more; uploading it again/);
  });

  it('segments what was uploaded anew for other options', async () => {
    server.pace = 30;
    await stoppedAt(/events$/, { threshold: 0.2 });
    const puts = count(/^PUT/);
    const { error, notes } = await run({ threshold: 0.3 });
    expect(error).toBeUndefined();
    expect(notes[0]).toMatch(/^The options are others than before/);
    expect(count(/^PUT/)).toBe(puts);
    expect(count(/^POST \/v1\/segmentations$/)).toBe(2);
    expect([server.volumes.size, server.jobs.size]).toEqual([0, 0]);
  });

  it.each([
    ['an input that was written since', async () => void (await utimes(at('raw.zarr/zarr.json'), 1, 1)), {}],
    ['another part of it', async () => undefined, { box: ':32,:,:' }],
  ])('starts anew for %s', async (_, change, options) => {
    await stoppedAt(/events$/);
    await change();
    const { error, notes } = await run(options);
    expect(error).toBeUndefined();
    expect(notes[0]).toBe('The input is another than before; starting anew.');
    expect(count(/^POST \/v1\/volumes$/)).toBe(2);
    expect([server.volumes.size, server.jobs.size]).toEqual([0, 0]);
  });

  it('says what to do with a state it cannot read', async () => {
    writeFileSync(at('out.npy.segment.json'), '{"version":7}');
    expect((await run()).message).toMatch(/out\.npy\.segment\.json .* remove it to start anew\.$/);
  });
});

it('--keep leaves volume, labels and job on the server', async () => {
  await run({ keep: true });
  expect([server.volumes.size, server.jobs.size]).toEqual([2, 1]);
  expect(await files()).toEqual(['out.npy', 'raw.zarr']);
});

it('labels that are not those of the job never become an output', async () => {
  server.fault = (request) =>
    /^GET .*\/c\//.test(request) ? { status: 404, code: 'key-not-found' } : undefined;
  const { message } = await run();
  expect(message).toMatch(/came with 0 as the highest of 4/);
  expect(await files()).toEqual(['out.npy.segment.json', 'raw.zarr']);
});

import * as promises from 'node:fs/promises';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@tokenunify/model';
import { afterEach, describe, expect, it } from 'vitest';
import type { ModelLimits } from '../limits.ts';
import type { PackageFiles } from './packages.ts';
import {
  bodyOf,
  by,
  codeOf,
  never,
  openRegistry,
  writeTinyPackage,
  type TestRegistry,
} from './testing.fixture.ts';

let test: TestRegistry;
afterEach(() => test[Symbol.asyncDispose]());

const open = async (limits?: Partial<ModelLimits>, files?: PackageFiles) =>
  (test = await openRegistry(limits, files));
const upload = (body: ReadableStream<Uint8Array>, options: { length?: number; signal?: AbortSignal } = {}) =>
  test.registry.upload(body, { ...by, signal: never, ...options });
const write = (version: string, options: { onnx?: string; note?: string } = {}) =>
  writeTinyPackage(join(test.root, `${version}-${Math.random()}`), { version, ...options });
const stored = () => readdir(join(test.root, 'models', 'packages'));
const onItsWay = () => readdir(join(test.root, 'models', 'uploads')).catch(() => []);
const fileOf = (digest: string, name: string) =>
  join(test.root, 'models', 'packages', digest.replace('sha256:', ''), name);
const text = (...parts: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });

/** Nothing of what was sent is there, and the champion is who it was. */
async function expectUntouched(): Promise<void> {
  expect(await stored()).toHaveLength(1);
  expect(await onItsWay()).toEqual([]);
  expect(test.registry.list({}).items.map(({ version }) => version)).toEqual(['1.0.0']);
  const lease = await test.registry.acquire('champion', never);
  expect(lease.package.version).toBe('1.0.0');
  lease.release();
}

describe('an upload', () => {
  it('is there once its process has answered the test tile, and not before', async () => {
    await open();
    const { dir, digest, files } = await write('2.0.0');
    let meanwhile: unknown;
    test.processes.before = async ({ version }) => {
      if (version === '2.0.0') meanwhile = await codeOf(() => test.registry.get(digest));
    };
    const { model, created } = await upload(bodyOf(dir));
    expect(meanwhile).toBe('model-not-found');
    expect(created).toBe(true);
    expect(model).toMatchObject({ digest, version: '2.0.0', state: 'ready', loaded: false, aliases: [] });
    expect(Object.fromEntries(model.files.map(({ name, sha256 }) => [name, sha256]))).toMatchObject(files);
    expect(await readFile(fileOf(digest, 'model.onnx'), 'utf8')).toBe('weights');
    expect(test.processes.versions(), 'its process was for the test').toEqual(['1.0.0']);
    expect(await onItsWay()).toEqual([]);
  });

  it('of a package that is there is answered without another test', async () => {
    await open();
    const { dir } = await write('2.0.0');
    const [one, other] = await Promise.all([upload(bodyOf(dir)), upload(bodyOf(dir))]);
    expect([one.created, other.created].sort()).toEqual([false, true]);
    expect(one.model.digest).toBe(other.model.digest);
    expect(test.processes.starts).toEqual(['1.0.0', '1.0.0', '2.0.0']);
    expect((await upload(bodyOf(dir))).created).toBe(false);
  });

  it('of a retired version, and of a deleted one, makes it ready again', async () => {
    await open();
    const { dir, digest } = await write('2.0.0');
    await upload(bodyOf(dir));
    const { createdAt } = test.registry.get(digest);
    await test.registry.retire(digest);
    expect(await upload(bodyOf(dir))).toMatchObject({ created: false, model: { state: 'ready' } });
    await test.registry.retire(digest);
    await test.registry.delete(digest);
    const { model, created } = await upload(bodyOf(dir));
    expect([created, model.state, model.createdAt, model.retiredAt]).toEqual([
      ...[false, 'ready', createdAt, undefined],
    ]);
    expect(model.bytes).toBeGreaterThan(0);
    (await test.registry.acquire(digest, never)).release();
  });

  it('with a name and version that another package has is refused', async () => {
    await open();
    const { dir, digest } = await write('1.0.0', { onnx: 'other weights' });
    await expect(upload(bodyOf(dir))).rejects.toMatchObject({
      code: 'version-taken',
      message: expect.stringContaining(digest),
    });
    await expectUntouched();
  });

  it.each([
    ['no zip', () => text('PK nothing'), 'package-invalid', /^The archive is not a whole zip/],
    ['nothing', () => text(), 'package-invalid', /^The archive is not a whole zip/],
  ])('of %s is refused, in words without paths', async (_, body, code, message) => {
    await open();
    await expect(upload(body())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await expect(upload(body())).rejects.not.toThrow(test.root);
    await expectUntouched();
  });

  it('of a package whose model gives something else is refused', async () => {
    await open();
    const { dir } = await write('2.0.0');
    test.processes.before = async ({ version }) => {
      if (version === '2.0.0')
        throw new ModelError('model/package', 'They differ by 1.', { details: { reason: 'test-tile' } });
    };
    await expect(upload(bodyOf(dir))).rejects.toMatchObject({
      code: 'model-failed-test',
      message: 'They differ by 1.',
    });
    await expectUntouched();
  });

  it('of a model whose process crashes is refused', async () => {
    await open();
    const { dir } = await write('2.0.0');
    test.processes.before = async ({ version, modelPath }) => {
      if (version === '2.0.0') throw new ModelError('model/inference', `Inference failed for ${modelPath}.`);
    };
    await expect(upload(bodyOf(dir))).rejects.toMatchObject({
      code: 'model-failed-test',
      message: 'Inference failed for model.onnx.',
    });
    await expectUntouched();
  });

  it('of a model whose process hangs is refused when its time is up', async () => {
    await open({ testMs: 50 });
    const { dir } = await write('2.0.0');
    test.processes.before = ({ version }, signal) =>
      version === '1.0.0' ? Promise.resolve() : abortOf(signal);
    await expect(upload(bodyOf(dir))).rejects.toMatchObject({
      code: 'model-failed-test',
      message: expect.stringContaining('within 0.05 s'),
    });
    await expectUntouched();
  });

  it('whose sender goes is given up, also in the middle of the test', async () => {
    await open();
    const { dir } = await write('2.0.0');
    const controller = new AbortController();
    test.processes.before = ({ version }, signal) => {
      if (version === '1.0.0') return Promise.resolve();
      controller.abort(new Error('gone'));
      return abortOf(signal);
    };
    expect(await codeOf(() => upload(bodyOf(dir), { signal: controller.signal }))).toBe('Error: gone');
    await expectUntouched();
  });

  it('fails as its body does', async () => {
    await open();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(10));
        controller.error(new Error('stalled'));
      },
    });
    expect(await codeOf(() => upload(body))).toBe('Error: stalled');
    await expectUntouched();
  });

  it('that is too long is refused, before its first byte where it says so', async () => {
    await open({ maxBytes: 1000 });
    let [asked, canceled] = [0, false];
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          asked++;
          controller.enqueue(new Uint8Array(400));
        },
        cancel: () => void (canceled = true),
      },
      { highWaterMark: 0 },
    );
    expect(await codeOf(() => upload(endless))).toBe('body-too-large');
    expect([asked, canceled]).toEqual([3, true]);
    let touched = false;
    const stated = new ReadableStream<Uint8Array>(
      { pull: () => void (touched = true) },
      { highWaterMark: 0 },
    );
    expect(await codeOf(() => upload(stated, { length: 1001 }))).toBe('body-too-large');
    expect(touched).toBe(false);
    const { dir } = await write('2.0.0', { onnx: 'x'.repeat(2000) });
    expect(await codeOf(() => upload(bodyOf(dir)))).toBe('body-too-large');
    await expectUntouched();
  });

  it.each(['rename', 'stat'] as const)('that meets a full disk in %s leaves nothing', async (call) => {
    let full = false;
    const files: PackageFiles = {
      ...promises,
      [call]: async (...args: never[]) => {
        if (full && !String(args[0]).includes('/packages/'))
          throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        return (promises[call] as (...args: never[]) => Promise<unknown>)(...args); // the same arguments
      },
    };
    await open({}, files);
    const { dir } = await write('2.0.0');
    full = true;
    await expect(upload(bodyOf(dir))).rejects.toMatchObject({
      code: 'insufficient-storage',
      message: expect.stringMatching(/delete retired versions.*upload it again/),
    });
    full = false;
    await expectUntouched();
    expect((await upload(bodyOf(dir))).created).toBe(true);
  });

  it('that the database has no room for leaves nothing', async () => {
    await open();
    const { dir } = await write('2.0.0', { note: 'more than one page. '.repeat(1000) });
    const { page_count: pages } = test.db.prepare('pragma page_count').get() ?? {};
    test.db.exec(`pragma max_page_count = ${Number(pages)}`);
    const fill = test.db.prepare("insert into keys values (?, ?, 'x', 'x', 0, null)");
    expect(() => {
      for (let i = 0; ; i++) fill.run(String(i), 'x'.repeat(1000));
    }).toThrow(/full/);
    expect(await codeOf(() => upload(bodyOf(dir)))).toBe('insufficient-storage');
    await expectUntouched();
  });
});

describe('a package that is damaged on disk', () => {
  it('is not loaded, is said so with the remedy, and is repaired by uploading it again', async () => {
    await open();
    const { dir, digest } = await write('2.0.0');
    await upload(bodyOf(dir));
    await writeFile(fileOf(digest, 'model.onnx'), 'weightz');
    for (const work of [
      () => test.registry.acquire(digest, never),
      () => test.registry.promote(digest, by, never),
    ])
      await expect(work()).rejects.toMatchObject({
        code: 'inference-failed',
        message: expect.stringMatching(
          /damaged on the server's disk: model.onnx .* upload the same package again/,
        ),
      });
    expect(test.registry.deployment().champion.version).toBe('1.0.0');
    expect(await upload(bodyOf(dir))).toMatchObject({ created: false });
    await test.registry.promote(digest, by, never);
    expect(test.processes.versions()).toContain('2.0.0');
  });

  it('as champion goes on serving, and a server that starts with it says so and can be mended', async () => {
    await open();
    const { digest } = test.registry.deployment().champion;
    await rm(fileOf(digest, 'rdf.yaml'));
    (await test.registry.acquire('champion', never)).release();
    await test.restart([]);
    expect(test.notices).toEqual([
      expect.stringMatching(/champion is not loaded.*damaged .* start the server with --model and its directory/),
    ]);
    expect(test.registry.serving).toBe(false);
    expect(await codeOf(() => test.registry.acquire('champion', never))).toBe('inference-failed');
    await upload(bodyOf(join(test.root, 'first')));
    expect(test.registry.serving).toBe(true);
    await rm(fileOf(digest, 'rdf.yaml'));
    await test.restart(); // with --model and its directory
    expect(test.notices).toEqual([]);
    expect(test.registry.serving).toBe(true);
  });
});

describe('a start', () => {
  it('sweeps what was on its way, packages without a row, and ends deletions that were begun', async () => {
    await open();
    const [b, c] = [await test.upload('2.0.0'), await test.upload('3.0.0')];
    await test.registry.retire(b);
    await test.registry.retire(c);
    await rm(fileOf(b, ''), { recursive: true }); // killed between the files and the row
    const models = join(test.root, 'models');
    await promises.mkdir(join(models, 'uploads', 'upl_1', 'package'), { recursive: true });
    await promises.mkdir(join(models, 'packages', 'ab'.repeat(32)));
    await test.restart();
    expect(await onItsWay()).toEqual([]);
    expect(await stored()).toHaveLength(2);
    expect(test.registry.get(b)).toMatchObject({ state: 'retired', bytes: 0 });
    expect(test.registry.get(c).bytes).toBeGreaterThan(0);
  });

  it('takes in the package it is given, and says how it becomes champion', async () => {
    await open();
    const { dir, digest } = await write('2.0.0');
    await test.restart([dir]);
    expect(test.registry.deployment().champion.version).toBe('1.0.0');
    expect(test.registry.get(digest).state).toBe('ready');
    expect(test.notices).toEqual([
      `Tiny network 2.0.0 in ${dir} is not the champion; promote it with POST /v1/models/${digest}/promote.`,
    ]);
    await test.registry.promote(digest, by, never);
    await test.restart([dir]);
    expect([test.notices, test.processes.versions()]).toEqual([[], ['2.0.0']]);
  });

  it('serves the champion that there is when the package it is given cannot be taken in', async () => {
    await open();
    const { dir } = await write('1.0.0', { onnx: 'other weights' });
    await test.restart([dir]);
    expect(test.notices).toEqual([
      expect.stringMatching(/was not taken in: .* is another package here already/),
    ]);
    (await test.registry.acquire('champion', never)).release();
  });

  it('serves the champion that there is when the disk is full', async () => {
    let full = false;
    const cp: PackageFiles['cp'] = async (...args) => {
      if (full) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return promises.cp(...args);
    };
    await open({}, { ...promises, cp });
    const { dir } = await write('2.0.0');
    full = true;
    await test.restart([dir]);
    expect(test.notices).toEqual([expect.stringMatching(/was not taken in: The server has no room left/)]);
    (await test.registry.acquire('champion', never)).release();
  });

  it('leaves a retired version retired, and says so', async () => {
    await open();
    const { dir, digest } = await write('2.0.0');
    await test.restart([dir]);
    await test.registry.retire(digest);
    await test.restart([dir]);
    expect(test.notices).toEqual([expect.stringMatching(/is retired; upload it/)]);
    expect(test.registry.get(digest).state).toBe('retired');
  });

  it('keeps aliases, shares and history', async () => {
    await open();
    await test.registry.challenge(await test.upload('2.0.0'), by, never);
    await test.registry.change({ ...by, canaryPercent: 10 });
    const before = test.registry.deployment();
    await test.restart();
    expect(test.registry.deployment()).toEqual(before);
    expect(test.processes.versions()).toEqual(['1.0.0', '2.0.0']);
  });

  it('without a package that runs is none', async () => {
    await open();
    await expect(test.restart([join(test.root, 'nothing')])).rejects.toThrow(/is not a model package/);
  });
});

/** Work that ends when it is told to. */
const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });

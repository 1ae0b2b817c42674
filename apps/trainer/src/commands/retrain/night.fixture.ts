/**
 * A night for tests: real packages and files, a registry in memory and steps that only pretend. Every call of either, and
 * every write of the night's own files, passes `at`, where a test can look, break something, or keep what a kill would leave.
 */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createReadStream, createWriteStream } from 'node:fs';
import { ApiConnectionError, ApiError } from '@tokenunify/api/client';
import { encodeNpy, ndArray } from '@tokenunify/em-io';
import {
  readModelPackage,
  unpackModelPackage,
  writeCheckpoint,
  writeModelPackage,
  type ModelPackage,
} from '@tokenunify/model';
import { readFile } from 'node:fs/promises';
import type { Annotation } from '../../annotations/index.ts';
import { writeJson } from '../../json-file.ts';
import type { Reporter } from '../../progress/reporter.ts';
import type { RetrainConfig } from './config.ts';
import type { NightTools } from './context.ts';
import type { End } from './conclude.ts';
import { NightDirectory } from './night-directory.ts';
import { runNight, type NightOptions } from './night.ts';
import type { Deployed, Registry } from './registry.ts';
import type { Comparison, ModelName, Night, NightReport, Score } from './types.ts';

export const reference = { dtype: 'uint8', shape: [2, 2, 2], data: new Uint8Array(8).fill(9) } as const;
export const expectedLabels = Uint32Array.of(1, 1, 1, 1, 2, 2, 2, 2);
const otherLabels = Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** Every version but the champion of now gives wrong labels. */
export function failSmoke({ registry }: Staged): void {
  const { champion } = registry.state;
  registry.labelsOf = (digest) => (digest === champion ? expectedLabels : otherLabels);
}

/** Something happens at a point, the first time. */
export function once(staged: Staged, where: string, what: () => void | Promise<void>): void {
  let done = false;
  staged.at = async (point) => {
    if (point !== where || done) return;
    done = true;
    await what();
  };
}

export const raise = (error: Error) => (): never => {
  throw error;
};

export const fullDisk = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

/** Calls of the registry, of the steps, and writes, in order: `before promoteModel`, `after promoteModel`. */
export type At = (point: string) => void | Promise<void>;

export async function writePackage(
  directory: string,
  model: { name?: string; version: string; bytes?: number; timestamp?: string; checkpoint?: boolean },
): Promise<ModelPackage> {
  const file = `${directory}.safetensors`;
  await mkdir(join(directory, '..'), { recursive: true });
  await writeCheckpoint(file, {
    weights: new Map([['w', { shape: [1], data: Float32Array.of(model.bytes ?? 1) }]]) as never,
    state: { command: 'finetune', preset: 'nano', step: 1 },
  });
  const tile = [8, 8, 8] as const;
  return writeModelPackage(
    directory,
    {
      ...{ name: model.name ?? 'TokenUnify test', version: model.version, description: 'For tests.' },
      ...{ preset: 'nano', model: new Uint8Array(16).fill(model.bytes ?? 1), opsetVersion: 17 },
      ...{ tileShape: tile, minimumShape: tile, inputScale: { offset: 0, scale: 1 / 255 } },
      postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.5 } },
      ...{ metrics: {}, training: {}, modelCard: '# Test\n', license: 'Apache-2.0' },
      authors: [{ name: 'TokenUnify' }],
      cite: [{ text: 'TokenUnify', url: 'https://example.org' }],
      testInput: encodeNpy(ndArray('uint8', [1, 1, ...tile])),
      testOutput: encodeNpy(ndArray('float32', [1, 3, ...tile])),
      timestamp: model.timestamp ?? '2026-01-01T00:00:00Z',
      ...(model.checkpoint !== false && { checkpoint: await readFile(file) }),
    },
    { overwrite: true },
  );
}

interface Deployment {
  readonly packages: Record<string, ModelName>;
  readonly champion: string;
  readonly challenger?: string | undefined;
  /** Champions before, the last one last. */
  readonly before: readonly string[];
  /** Versions that are champion no more, the last one last. */
  readonly left: readonly string[];
  /** `promote <version>`, `challenge <version>`, `rollback <version>`. */
  readonly moves: readonly string[];
}

export const problem = (status: number, code: string, detail = `It is ${code}.`): ApiError =>
  new ApiError(
    new Response(null, { status }),
    { type: `urn:${code}`, title: code, status, code, detail, requestId: 'r' } as never,
    { method: 'POST', url: 'http://registry.test/v1' },
  );

export const unreachable = (): ApiConnectionError =>
  new ApiConnectionError(
    { method: 'GET', url: 'http://registry.test/v1/deployment' },
    new Error('connect ECONNREFUSED'),
  );

/** A registry whose state is one value, so that a test can keep it and bring it back. */
export class FakeRegistry implements Registry {
  readonly #directory: string;
  readonly #at: At;
  state: Deployment = { packages: {}, champion: '', before: [], left: [], moves: [] };
  /** What a version makes of the reference volume. */
  labelsOf: (digest: string) => Uint32Array = () => expectedLabels;
  /** Instead of the champion. */
  answersAs: string | undefined;
  #uploads = 0;

  constructor(directory: string, at: At) {
    this.#directory = directory;
    this.#at = at;
  }

  path(digest: string): string {
    return join(this.#directory, digest.slice(7));
  }

  async add(model: ModelPackage): Promise<ModelName> {
    const { digest, name, version } = model;
    await cp(model.dir, this.path(digest), { recursive: true });
    this.state = { ...this.state, packages: { ...this.state.packages, [digest]: { digest, name, version } } };
    return { digest, name, version };
  }

  async #called<T>(name: string, call: () => Promise<T> | T): Promise<T> {
    await this.#at(`before ${name}`);
    const value = await call();
    await this.#at(`after ${name}`);
    return value;
  }

  #named(digest: string): ModelName {
    const found = this.state.packages[digest];
    if (!found) throw problem(404, 'model-not-found');
    return found;
  }

  deployment(): Promise<Deployed> {
    return this.#called('deployment', () => this.now());
  }

  now(): Deployed {
    const { champion, challenger, before, left } = this.state;
    const previous = before.at(-1);
    return {
      champion: this.#named(champion),
      ...(challenger !== undefined && { challenger: this.#named(challenger) }),
      ...(previous !== undefined && { previous: this.#named(previous) }),
      history: left.toReversed().map((digest) => ({ alias: 'champion', from: this.#named(digest) })),
    };
  }

  model(reference: string) {
    return this.#called('model', async () => {
      const name = this.#named(reference);
      const { files } = await readModelPackage(this.path(reference));
      return {
        ...name,
        files: Object.entries(files).map(([file, sha256]) => ({ name: file, bytes: 0, sha256 })),
      };
    });
  }

  async *models(): AsyncGenerator<ModelName> {
    await this.#at('before models');
    yield* Object.values(this.state.packages);
  }

  modelFile(reference: string, name: string): Promise<Response> {
    return this.#called(`file ${name}`, () => {
      const stream = Readable.toWeb(createReadStream(join(this.path(reference), name)));
      return new Response(stream as ReadableStream<Uint8Array>); // the same class, typed twice
    });
  }

  uploadModel(archive: ReadableStream<Uint8Array>) {
    return this.#called('uploadModel', async () => {
      const zip = join(this.#directory, `${this.#uploads++}.zip`);
      await pipeline(Readable.fromWeb(archive as never), createWriteStream(zip));
      const unpacked = `${zip}.unpacked`;
      await rm(unpacked, { recursive: true, force: true });
      await unpackModelPackage(zip, unpacked, { maxBytes: 1e7 });
      const model = await readModelPackage(unpacked);
      const created = this.state.packages[model.digest] === undefined;
      const taken = Object.values(this.state.packages).some(
        ({ digest, name, version }) =>
          digest !== model.digest && name === model.name && version === model.version,
      );
      if (taken) throw problem(409, 'version-taken');
      return { model: await this.add(model), created };
    });
  }

  #expect(expected: string | undefined): void {
    if (expected !== undefined && expected !== this.state.champion) throw problem(409, 'alias-moved');
  }

  challengeModel(digest: string, { expected }: { readonly expected?: string } = {}) {
    return this.#called('challengeModel', () => {
      this.#expect(expected);
      if (this.state.challenger === digest) return;
      const moves = [...this.state.moves, `challenge ${this.#named(digest).version}`];
      this.state = { ...this.state, challenger: digest, moves };
    });
  }

  promoteModel(digest: string, { expected }: { readonly expected?: string } = {}) {
    return this.#called('promoteModel', () => this.promote(digest, expected));
  }

  promote(digest: string, expected?: string): void {
    const { champion, challenger, before, left, moves, ...rest } = this.state;
    if (champion === digest) return;
    this.#expect(expected);
    this.state = {
      ...rest,
      champion: digest,
      challenger: challenger === digest ? undefined : challenger,
      before: [...before, champion],
      left: [...left, champion],
      moves: [...moves, `promote ${this.#named(digest).version}`],
    };
  }

  rollBack({ expected }: { readonly expected?: string } = {}) {
    return this.#called('rollBack', () => {
      this.#expect(expected);
      const { before, champion, left, moves, ...rest } = this.state;
      const to = before.at(-1);
      if (to === undefined) throw problem(409, 'no-previous-champion');
      const said = `rollback ${this.#named(champion).version}`;
      this.state = {
        ...rest,
        champion: to,
        before: before.slice(0, -1),
        left: [...left, champion],
        moves: [...moves, said],
      };
    });
  }

  segment(_npy: Uint8Array) {
    return this.#called('segment', () => {
      const model = this.answersAs ?? this.state.champion;
      return {
        npy: encodeNpy({ dtype: 'uint32', shape: reference.shape, data: this.labelsOf(model) }),
        model,
      };
    });
  }
}

class WatchedDirectory extends NightDirectory {
  readonly #at: At;

  constructor(path: string, at: At) {
    super(path);
    this.#at = at;
  }

  override async write(night: Night): Promise<void> {
    await this.#at('before write');
    await super.write(night);
    await this.#at('after write');
  }

  override async addSeen(keys: readonly string[]): Promise<void> {
    await this.#at('before seen');
    await super.addSeen(keys);
  }

  override async publishReport(report: { readonly json: string; readonly html: string }): Promise<void> {
    await this.#at('before latest');
    await super.publishReport(report);
  }
}

const score = (voi: number): Score => ({ voi, voiSplit: voi / 2, voiMerge: voi / 2, adaptedRand: voi / 10 });

const annotation = (number: number, split: 'train' | 'held-out'): Annotation => ({
  ...{ number, raw: `raw-${number}.npy`, labels: `labels-${number}.npy`, split },
  box: { start: [0, 0, 0], stop: [16, 16, 16] },
  ...{ sha256: String(number).padStart(64, '0'), key: `key-${number}` },
});

export interface Staged {
  readonly path: string;
  readonly registry: FakeRegistry;
  readonly config: RetrainConfig;
  /** What the manifest lists. */
  annotations: Annotation[];
  /** VOI of the challenger; the champion's is 1. */
  voi: number;
  at: At;
  readonly points: string[];
  readonly notes: string[];
  /** Steps that were told of. */
  readonly told: string[];
  readonly tools: { -readonly [Name in keyof NightTools]: NightTools[Name] };
  run(options?: Partial<NightOptions>): Promise<End>;
  night(id?: string): Promise<Night>;
  latest(): Promise<NightReport>;
  /** What a kill would leave, here. */
  snapshot(): Promise<() => Promise<void>>;
  remove(): Promise<void>;
}

/** A server with one champion, `0.1.0`, a manifest with something new, and a challenger that is better. */
export async function stage(): Promise<Staged> {
  const path = await mkdtemp(join(tmpdir(), 'tokenunify-night-'));
  await mkdir(join(path, 'server'));
  const raw = join(path, 'reference.npy');
  const expected = join(path, 'expected.npy');
  await writeFile(raw, encodeNpy(reference));
  await writeFile(expected, encodeNpy({ dtype: 'uint32', shape: [2, 2, 2], data: expectedLabels }));
  const at: At = (point) => {
    staged.points.push(point);
    return staged.at(point);
  };
  const registry = new FakeRegistry(join(path, 'server'), at);
  const { digest } = await registry.add(
    await writePackage(join(path, 'first'), { version: '0.1.0', bytes: 1 }),
  );
  registry.state = { ...registry.state, champion: digest };
  const config: RetrainConfig = {
    file: join(path, 'nightly.json'),
    server: { url: 'http://registry.test', patienceSeconds: 5 },
    directory: join(path, 'nightly'),
    manifest: join(path, 'annotations.json'),
    training: {
      ...{ steps: 3, rate: 1e-3, crop: [16, 16, 16], batch: 1, checkpointEvery: 1 },
      ...{ isotropic: true, erode: true, engine: 'cpu', seed: 1 },
    },
    gate: { voi: { margin: 0.01 } },
    smokeTest: { raw, expected, maximumVoi: 0.5, patienceSeconds: 2, timeoutSeconds: 5 },
  };
  const called = async <T>(name: string, call: () => Promise<T> | T): Promise<T> => {
    await at(`before ${name}`);
    const value = await call();
    await at(`after ${name}`);
    return value;
  };
  const tools: NightTools = {
    readManifest: (file) => called('readManifest', () => ({ file, entries: staged.annotations })),
    trainChallenger: ({ directory }) =>
      called('trainChallenger', async () => {
        await mkdir(directory, { recursive: true });
        await writeFile(join(directory, 'checkpoint'), 'weights');
        return { checkpoint: join(directory, 'checkpoint'), finished: true };
      }),
    exportChallenger: ({ directory, name, version, timestamp }) =>
      called('exportChallenger', () => writePackage(directory, { name, version, timestamp, bytes: 2 })),
    testPackage: () => called('testPackage', () => undefined),
    compareModels: () =>
      called('compareModels', (): Comparison => ({
        ...{ boxes: [], worst: [], speed: { champion: 1, challenger: 1 } },
        pooled: { champion: score(1), challenger: score(staged.voi) },
      })),
    writeReport: (directory, report) =>
      called('writeReport', async () => {
        const [json, html] = [join(directory, 'report.json'), join(directory, 'report.html')];
        await writeJson(json, report);
        await writeFile(html, `<p>${report.reason}</p>`);
        return { json, html };
      }),
    segmentHere: () => called('segmentHere', () => expectedLabels),
  };
  const reporter: Reporter = {
    progress: () => undefined,
    note: (text, data) => void (data ? staged.told.push(String(data['step'])) : staged.notes.push(text)),
    result: () => undefined,
  };
  const directory = new WatchedDirectory(config.directory, at);
  // a clock that jumps with every pause: no test waits
  let now = Date.parse('2026-11-24T01:00:00Z');
  const staged: Staged = {
    ...{ path, registry, config, tools, points: [], notes: [], told: [], voi: 0.5 },
    annotations: [annotation(1, 'train'), annotation(2, 'train'), annotation(3, 'held-out')],
    at: () => undefined,
    run: (options = {}) =>
      runNight({
        ...{ config, directory, registry, tools, reporter, software: 'test' },
        ...{ now: () => now, signal: new AbortController().signal },
        sleep: async (ms, signal) => {
          signal.throwIfAborted();
          now += ms;
        },
        ...options,
      }),
    night: async (id = '2026-11-24-1') =>
      JSON.parse(await readFile(directory.of(id, 'night.json'), 'utf8')) as Night, // written by this program
    latest: async () =>
      JSON.parse(await readFile(join(config.directory, 'latest.json'), 'utf8')) as NightReport, // likewise
    async snapshot() {
      const kept = await mkdtemp(join(tmpdir(), 'tokenunify-kept-'));
      await mkdir(config.directory, { recursive: true });
      await cp(config.directory, kept, { recursive: true });
      const { state } = registry;
      const clock = now;
      return async () => {
        await rm(config.directory, { recursive: true, force: true });
        await cp(kept, config.directory, { recursive: true });
        await rm(kept, { recursive: true, force: true });
        registry.state = state;
        now = clock;
      };
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
  return staged;
}

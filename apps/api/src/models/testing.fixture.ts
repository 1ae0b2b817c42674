import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { DatabaseSync } from 'node:sqlite';
import { encodeNpy, ndArray } from '@tokenunify/em-io';
import { packModelPackage, writeModelPackage, type ModelPackage } from '@tokenunify/model';
import { openDatabase } from '../database.ts';
import { DEFAULT_MODEL_LIMITS, type ModelLimits } from '../limits.ts';
import type { PackageFiles } from './packages.ts';
import { LocalModelRegistry, type RegistryOptions } from './registry.ts';
import type { Running, Start } from './running.ts';

const tile = [2, 4, 4] as const;

/** A package of a few hundred bytes whose ONNX file nobody can run; what it says of itself is right. */
export function writeTinyPackage(
  dir: string,
  { name = 'Tiny network', version = '1.0.0', onnx = 'weights', note = '' } = {},
): Promise<ModelPackage> {
  return writeModelPackage(dir, {
    ...{ name, version, description: 'For tests.', preset: 'nano' },
    model: new TextEncoder().encode(onnx),
    opsetVersion: 17,
    tileShape: tile,
    minimumShape: [1, 2, 2],
    inputScale: { offset: 0, scale: 1 / 255 },
    postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.5 } },
    metrics: { voi: 1 },
    training: { note },
    modelCard: '# Tiny\n',
    license: 'Apache-2.0',
    authors: [{ name: 'TokenUnify' }],
    cite: [{ text: 'TokenUnify', url: 'https://example.org' }],
    testInput: encodeNpy(ndArray('uint8', [1, 1, ...tile])),
    testOutput: encodeNpy(ndArray('float32', [1, 3, ...tile])),
    timestamp: '2026-01-01T00:00:00Z',
  });
}

export const bodyOf = (dir: string): ReadableStream<Uint8Array> =>
  Readable.toWeb(packModelPackage(dir)) as ReadableStream<Uint8Array>; // Node's type of the same thing

/** Processes that are none. */
export class FakeProcesses {
  /** What runs, by version, in the order of its start. */
  readonly running: { version: string; inference: { alive: boolean } }[] = [];
  /** Every start there was, by version. */
  readonly starts: string[] = [];
  /** Called before a process counts as started; may wait or throw. */
  before: (model: ModelPackage, signal: AbortSignal) => Promise<void> = async () => {};

  readonly start: Start = async (model, signal): Promise<Running> => {
    this.starts.push(model.version);
    await this.before(model, signal);
    signal.throwIfAborted();
    const inference = { alive: true, batchSize: 1, predict: () => Promise.reject(new Error('no network')) };
    const entry = { version: model.version, inference };
    this.running.push(entry);
    return {
      ...{ package: model, inference },
      segmenter: { model, segment: () => Promise.reject(new Error('no network')) },
      close: async () => {
        const at = this.running.indexOf(entry);
        if (at >= 0) this.running.splice(at, 1);
        inference.alive = false;
      },
    };
  };

  versions(): string[] {
    return this.running.map(({ version }) => version).sort();
  }
}

/** Timers that a test lets ring. */
export class FakeTimers {
  readonly #timers = new Map<symbol, { readonly at: number; readonly work: () => void }>();
  #now = 0;

  readonly after = (ms: number, work: () => void): (() => void) => {
    const key = Symbol();
    this.#timers.set(key, { at: this.#now + ms, work });
    return () => this.#timers.delete(key);
  };

  pass(ms: number): void {
    this.#now += ms;
    for (const [key, { at, work }] of [...this.#timers]) {
      if (at > this.#now || !this.#timers.delete(key)) continue;
      work();
    }
  }
}

export const never = new AbortController().signal;
export const by = { by: 'tests' };

export interface TestRegistry extends AsyncDisposable {
  readonly root: string;
  readonly db: DatabaseSync;
  readonly processes: FakeProcesses;
  readonly timers: FakeTimers;
  registry: LocalModelRegistry;
  /** Another registry of the same directory, which is not opened yet. */
  make(options?: Partial<RegistryOptions>): LocalModelRegistry;
  /** What the last start said. */
  notices: string[];
  /** Writes a package and uploads it; its digest. */
  upload(version: string, options?: { readonly name?: string; readonly onnx?: string }): Promise<string>;
  /** As a process that is killed, and another that starts with `models`. */
  restart(models?: readonly string[]): Promise<void>;
}

/** A registry in a directory of its own whose champion is version 1.0.0. */
export async function openRegistry(
  limits: Partial<ModelLimits> = {},
  files?: PackageFiles,
): Promise<TestRegistry> {
  const root = await mkdtemp(join(tmpdir(), 'registry-'));
  const first = join(root, 'first');
  await writeTinyPackage(first);
  const db = openDatabase(':memory:');
  const [processes, timers] = [new FakeProcesses(), new FakeTimers()];
  let time = Date.parse('2026-01-01T00:00:00Z');
  const make = (options: Partial<RegistryOptions> = {}) =>
    new LocalModelRegistry({
      ...{ db, directory: join(root, 'models'), start: processes.start, after: timers.after },
      limits: { ...DEFAULT_MODEL_LIMITS, ...limits },
      now: () => time++,
      random: Math.random,
      ...(files && { files }),
      ...options,
    });
  const test: TestRegistry = {
    ...{ root, db, processes, timers, registry: make(), make, notices: [] },
    async upload(version, options = {}) {
      const dir = join(root, `package-${Math.random()}`);
      const { digest } = await writeTinyPackage(dir, { version, ...options });
      await test.registry.upload(bodyOf(dir), { ...by, signal: never });
      return digest;
    },
    async restart(models = [first]) {
      processes.running.length = 0;
      test.registry = make();
      test.notices = await test.registry.open(models);
    },
    async [Symbol.asyncDispose]() {
      await test.registry.close();
      db.close();
      await rm(root, { recursive: true, force: true });
    },
  };
  await test.restart();
  return test;
}

/** The code of what a call fails with. */
export const codeOf = (work: () => unknown): Promise<string> =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'done',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
    );

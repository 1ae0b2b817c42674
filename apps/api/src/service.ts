import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseFile, thisMachine } from './config.ts';
import { openDatabase } from './database.ts';
import { authorizeByStore } from './keys/policy.ts';
import { KeyStore } from './keys/store.ts';
import {
  DEFAULT_MODEL_LIMITS,
  DEFAULT_STORAGE_LIMITS,
  defaultJobLimits,
  type JobLimits,
  type ModelLimits,
  type StorageLimits,
} from './limits.ts';
import { claimDirectory } from './lock.ts';
import { LocalModelRegistry, startWith } from './models/index.ts';
import { ApiProblem } from './problem.ts';
import { createGuardedFetch, resolvePath } from './remote/index.ts';
import { LocalSegmentations, type SegmentationsOptions } from './segmentations/index.ts';
import type { RemoteOptions } from './segmentations/task-protocol.ts';
import type { DirectoryVolumeStore } from './volumes/directory-store.ts';
import { createVolumeStore } from './volumes/store.ts';

export interface ServiceOptions {
  /** Directory of a model package, or several: they are taken in, and the first is champion where there is none yet. */
  readonly model: string | readonly string[];
  /** Of each inference process. */
  readonly threads?: number;
  readonly models?: Partial<ModelLimits>;
  /** Directory of volumes, jobs and keys. Default: a temporary one, which goes with the server. */
  readonly data?: string;
  /** Directories whose files jobs may name. Default: none. */
  readonly dataRoots?: readonly string[];
  readonly jobs?: Partial<JobLimits>;
  readonly storage?: Partial<StorageLimits>;
  /** Which remote volumes jobs may name beside public ones. */
  readonly remote?: RemoteOptions;
  readonly logJob?: NonNullable<SegmentationsOptions['log']>;
}

/** Everything of a server that keeps state, in one data directory. */
export interface Service {
  readonly volumes: DirectoryVolumeStore;
  readonly segmentations: LocalSegmentations;
  readonly registry: LocalModelRegistry;
  /** What whoever starts the server should know of its models, a sentence each. */
  readonly notices: readonly string[];
  readonly keys: KeyStore;
  readonly authorize: ReturnType<typeof authorizeByStore>;
  /** Interrupts jobs, which go on at the next start, and lets go of the directory. */
  close(): Promise<void>;
}

/**
 * Opens a data directory, finishes what an earlier process left in the middle, and goes on with its jobs.
 *
 * @throws DirectoryInUse when another server works in it; ModelError a package that cannot be read or run
 */
export async function openService(options: ServiceOptions): Promise<Service> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'tokenunify-api-')));
  const release = claimDirectory(data);
  const db = openDatabase(databaseFile(data));
  const limits = { ...defaultJobLimits(thisMachine()), ...options.jobs };
  const { maxValueBytes, maxStorageBytes } = { ...DEFAULT_STORAGE_LIMITS, ...options.storage };
  const remote = options.remote ?? { allowAddresses: [] };
  const fetch = createGuardedFetch(remote);
  const allowedPath = resolvePath({ roots: options.dataRoots ?? [] });
  const clock = { now: Date.now, random: Math.random };
  const registry = new LocalModelRegistry({
    db,
    directory: join(data, 'models'),
    start: startWith({
      niceness: NICENESS,
      ...(options.threads !== undefined && { threads: options.threads }),
    }),
    limits: { ...DEFAULT_MODEL_LIMITS, ...options.models },
    after,
    ...clock,
  });
  const volumes = createVolumeStore({
    db,
    directory: join(data, 'volumes'),
    usedBy: (id) => segmentations.letGoOf(id),
    limits: { maxValueBytes, ...(maxStorageBytes !== undefined && { maxVolumeBytes: maxStorageBytes }) },
    ...clock,
  });
  const segmentations: LocalSegmentations = new LocalSegmentations({
    db,
    directory: join(data, 'segmentations'),
    volumes: {
      createResult: async (result) => volumes.createResult(result),
      publishResult: async (id) => void (await volumes.publishResult(id)),
      removeResultOf: (segmentation) => volumes.removeResultOf(segmentation),
    },
    sources: {
      pathOf: (id) => sealedPath(volumes, id),
      resolvePath: async (path) => ({ path: await allowedPath(path) }),
      fetch,
    },
    ...{ models: registry, remote },
    concurrency: limits.jobs,
    workers: limits.workers,
    maxQueued: limits.queue,
    maxVoxels: limits.maxVoxels,
    blockSide: limits.blockSide,
    memoryLimit: limits.memoryBytes,
    ...(options.logJob && { log: options.logJob }),
    ...clock,
  });
  const keys = new KeyStore(db);
  const close = async () => {
    await segmentations.close();
    await registry.close();
    await fetch.close();
    db.close();
    release();
    if (options.data === undefined) await rm(data, { recursive: true, force: true });
  };
  let notices: readonly string[];
  try {
    notices = await registry.open(typeof options.model === 'string' ? [options.model] : options.model);
    await volumes.recover();
    await segmentations.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { volumes, segmentations, registry, notices, keys, authorize: authorizeByStore(keys), close };
}

/** Inference gives way to answering: a health check must not wait for a convolution. */
const NICENESS = 10;

/** A timer that keeps no process alive. */
function after(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms).unref();
  return () => clearTimeout(timer);
}

/** Only what is complete is segmented: a chunk that is still to come would be background. */
function sealedPath(volumes: DirectoryVolumeStore, id: string): string {
  const state = volumes.stateOf(id);
  if (state === 'sealed') return volumes.pathOf(id);
  if (state === undefined)
    throw new ApiProblem('volume-not-found', `There is no volume ${id.slice(0, 60)}.`, {
      field: 'body.input.volume',
      value: id.slice(0, 60),
    });
  throw new ApiProblem(
    'volume-unsealed',
    `The volume ${id} is still open for writing; seal it with POST /v1/volumes/${id}/seal when all of it is there.`,
    { field: 'body.input.volume', value: id },
  );
}

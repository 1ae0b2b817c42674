import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { createVolume, openVolume, wholeBox, type Dtype, type NdArray, type Vec3 } from '@tokenunify/em-io';
import type { ModelPackage } from '@tokenunify/model';
import { computeAffinities, postprocess, type PostProcessing } from '@tokenunify/segmentation';
import { createApp } from '../app.ts';
import { openDatabase } from '../database.ts';
import { createGuardedFetch } from '../remote/index.ts';
import type { Chosen } from '../models/types.ts';
import { ApiProblem } from '../problem.ts';
import { FakeSegmenter, registryOf } from '../testing.fixture.ts';
import { LocalSegmentations, type JobModels, type SegmentationsOptions } from './index.ts';
import type { Predictor } from './task-thread.ts';
import type { SegmentationJson } from './types.ts';

export const tileShape: Vec3 = [8, 16, 16];
const tileVoxels = 8 * 16 * 16;

export const postprocessing: PostProcessing = {
  watershed: { mode: '3d', cell: [16, 16, 16], halo: [4, 4, 4] },
  agglomeration: { scoring: 'mean', threshold: 0.5 },
};

/** A network of one multiplication: dark voxels are boundaries. It counts the tiles it saw. */
export class FakePredictor implements Predictor {
  readonly batchSize = 1;
  readonly tileShape = tileShape;
  readonly channels = 3;
  tiles = 0;
  /** Called before each tile; may wait, or throw. */
  before: (signal: AbortSignal | undefined) => Promise<void> = async () => {};

  async predict(tiles: Float32Array, count: number, options?: { readonly signal?: AbortSignal }) {
    await this.before(options?.signal);
    this.tiles += count;
    const out = new Float32Array(count * 3 * tileVoxels);
    for (let i = 0; i < out.length; i++) {
      const tile = Math.floor(i / (3 * tileVoxels));
      out[i] = Math.min(1, Math.max(0, tiles[tile * tileVoxels + (i % tileVoxels)] ?? 0));
    }
    return out;
  }
}

export const model: ModelPackage = {
  dir: '/nowhere',
  name: 'fake',
  version: '1.0.0',
  digest: 'sha256:00',
  preset: 'nano',
  tileShape,
  minimumShape: [2, 4, 4],
  inputScale: { offset: 0, scale: 1 / 255 },
  voxelSize: [10, 10, 10],
  outputChannels: 3,
  postprocessing,
  description: 'None.',
  modelPath: '/nowhere/model.onnx',
  testInputPath: '/nowhere/test-input.npy',
  testOutputPath: '/nowhere/test-output.npy',
  files: {},
  opsetVersion: 17,
  license: 'Apache-2.0',
  metrics: {},
  training: {},
  cite: [],
};

/** Grey blobs with dark seams between them: more than one fragment, more than one label. */
export function grey([depth, height, width]: Vec3): Uint8Array {
  const data = new Uint8Array(depth * height * width);
  let v = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        data[v++] = 128 + 90 * Math.sin(z / 2.1 + y / 5) * Math.cos((x + 0.3 * y) / 3.3) + ((v * 7919) % 31);
  return data;
}

/** Another version, whose network makes other neurons of the same voxels. */
export const challenger: ModelPackage = {
  ...model,
  version: '1.1.0',
  digest: 'sha256:11',
  postprocessing: { ...postprocessing, agglomeration: { scoring: 'mean', threshold: 0.2 } },
};

/** A registry of two versions, as tests want it. */
export class FakeModels implements JobModels {
  canaryPercent = 0;
  shadowPercent = 0;
  aliases: { champion: ModelPackage; challenger?: ModelPackage } = { champion: model };
  readonly versions = new Set([model, challenger]);
  readonly predictors: Map<string, FakePredictor>;
  /** Leases that were not given back, by digest. */
  readonly held: string[] = [];
  /** Called before a version is given; may throw. */
  beforeAcquire: () => void = () => {};

  constructor(predictor: FakePredictor) {
    this.predictors = new Map([
      [model.digest, predictor],
      [challenger.digest, new FakePredictor()],
    ]);
  }

  choose(random: () => number): Chosen {
    const canary = this.aliases.challenger && random() * 100 < this.canaryPercent;
    return this.resolve(canary ? 'challenger' : 'champion');
  }

  shadow(random: () => number): Chosen | undefined {
    return this.aliases.challenger && random() * 100 < this.shadowPercent
      ? this.resolve('challenger')
      : undefined;
  }

  resolve(reference: string): Chosen {
    const alias = (['champion', 'challenger'] as const).find((name) => name === reference);
    if (alias && this.aliases[alias]) return { package: this.aliases[alias], alias };
    const found = [...this.versions].find(({ digest }) => digest === reference);
    if (found) return { package: found };
    const known = ['champion', ...[...this.versions].map(({ digest }) => digest)];
    throw new ApiProblem('unknown-model', `There is no model ${reference}; there is ${known.join(', ')}.`, {
      limit: known,
    });
  }

  async acquire(reference: string) {
    this.beforeAcquire();
    const { digest } = this.resolve(reference).package;
    const inference = this.predictors.get(digest);
    if (inference === undefined) throw new Error(`no network for ${digest}`);
    this.held.push(digest);
    let released = false;
    return {
      inference,
      release: () => {
        if (!released) this.held.splice(this.held.indexOf(digest), 1);
        released = true;
      },
    };
  }
}

export interface Jobs extends AsyncDisposable {
  readonly directory: string;
  readonly db: DatabaseSync;
  readonly predictor: FakePredictor;
  readonly models: FakeModels;
  segmentations: LocalSegmentations;
  app: ReturnType<typeof createApp>;
  /** Writes a raw volume and returns its path. */
  raw(
    name: string,
    shape: Vec3,
    options?: { readonly voxelSize?: Vec3; readonly dtype?: Dtype },
  ): Promise<string>;
  /** As a process that ends and is started again. */
  restart(): Promise<void>;
  finished(id: string): Promise<SegmentationJson>;
  labels(job: SegmentationJson): Promise<NdArray>;
}

/** Jobs with a fake network, in a directory of their own, and an app in front of them. */
export async function serveJobs(
  options: Partial<SegmentationsOptions> = {},
  publish: () => Promise<void> = async () => {},
): Promise<Jobs> {
  const directory = await mkdtemp(join(tmpdir(), 'jobs-'));
  const predictor = new FakePredictor();
  const models = new FakeModels(predictor);
  const db = openDatabase(join(directory, 'state.sqlite'));
  const result = (id: string) => join(directory, 'results', `${id}.zarr`);
  await mkdir(join(directory, 'results'));
  const make = () =>
    new LocalSegmentations({
      db,
      directory: join(directory, 'jobs'),
      volumes: {
        createResult: async ({ segmentation }) => ({
          id: `vol_of_${segmentation}`,
          path: result(segmentation),
        }),
        publishResult: publish,
        removeResultOf: (segmentation) => rm(result(segmentation), { recursive: true, force: true }),
      },
      sources: {
        pathOf: (id) => result(id.replace('vol_of_', '')),
        resolvePath: async (path) => ({ path }),
        fetch: createGuardedFetch({}),
      },
      models,
      remote: { allowAddresses: [] },
      concurrency: 1,
      workers: 1, // a thread takes a second to start
      maxQueued: 20,
      maxVoxels: 1e6,
      blockSide: 16,
      memoryLimit: 1e9,
      now: Date.now,
      random: Math.random,
      ...options,
    });
  const appOf = (segmentations: LocalSegmentations) =>
    createApp({ registry: registryOf(new FakeSegmenter()), segmentations });
  const segmentations = make();
  await segmentations.start();
  const jobs: Jobs = {
    ...{ directory, db, predictor, models },
    segmentations,
    app: appOf(segmentations),
    async raw(name, shape, { voxelSize, dtype = 'uint8' } = {}) {
      const path = join(directory, `${name}.zarr`);
      const volume = await createVolume(path, { shape, dtype, ...(voxelSize && { voxelSize }) });
      const data = dtype === 'uint8' ? grey(shape) : Uint16Array.from(grey(shape), (value) => value * 100);
      await volume.write(wholeBox(shape), { dtype, shape, data });
      await volume.close();
      return path;
    },
    async restart() {
      await jobs.segmentations.close();
      jobs.segmentations = make();
      jobs.app = appOf(jobs.segmentations);
      await jobs.segmentations.start();
    },
    async finished(id) {
      const job = await jobs.segmentations.wait(id, 50_000, new AbortController().signal);
      if (job.state === 'queued' || job.state === 'running') throw new Error(`${id} is still ${job.state}`);
      return job;
    },
    async labels(job) {
      const volume = await openVolume(result(job.id));
      try {
        return await volume.read(wholeBox(volume.shape));
      } finally {
        await volume.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await jobs.segmentations.close();
      db.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return jobs;
}

/** The labels that the library gives in one piece. */
export async function inOnePiece(path: string, change: Partial<PostProcessing['agglomeration']> = {}) {
  const volume = await openVolume(path);
  try {
    const steps = computeAffinities(volume, new FakePredictor(), {
      minimumShape: model.minimumShape,
      inputScale: model.inputScale,
    });
    for (;;) {
      const step = await steps.next();
      if (!step.done) continue;
      const agglomeration = { ...postprocessing.agglomeration, ...change };
      return postprocess(step.value, { ...postprocessing, agglomeration });
    }
  } finally {
    await volume.close();
  }
}

/** Every file below a directory with its bytes, for comparing byte by byte. */
export async function filesBelow(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files
      .sort()
      .map(async (file) => [relative(directory, file), (await readFile(file)).toString('base64')] as const),
  );
  return new Map(contents);
}

import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { encodeNpy } from '@tokenunify/em-io';
import {
  affinityForward,
  writeModelPackage,
  writeOnnx,
  type Citation,
  type ElementType,
  type EngineChoice,
  type Json,
  type ModelPackage,
  type Opset,
  type Preset,
  type Vec3,
  type Weights,
  type WrittenFile,
} from '@tokenunify/model';
import type { TrainingRun } from '../../model-card/history.ts';
import type { Measured } from '../../model-card/measured.ts';
import { modelCard, type Origin } from '../../model-card/model-card.ts';
import type { Reporter } from '../../progress/reporter.ts';
import { compareExported, predictTile } from './check.ts';
import { testTile } from './test-tile.ts';

/** Weights, and everything that is to be said of them. The same facts give the same digest. */
export interface PackageFacts {
  /** The averaged ones. */
  readonly weights: Weights;
  readonly preset: Preset;
  /** Training engine, and steps of the last training, as the checkpoint says. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly opset: Opset;
  /** float32 when absent. */
  readonly dtype?: ElementType;
  readonly tile: Vec3;
  readonly voxelSize?: Vec3 | undefined;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly cite: readonly Citation[];
  /** ISO 8601. */
  readonly timestamp: string;
  readonly postprocessing: unknown;
  readonly training: readonly TrainingRun[];
  readonly selection?: Measured | undefined;
  readonly report?: Measured | undefined;
  /** The model that the post-processing was taken over from. */
  readonly origin?: Origin;
}

export interface PackageOptions {
  readonly out: string;
  readonly overwrite: boolean;
  readonly engine: EngineChoice;
  readonly signal: AbortSignal;
  readonly reporter: Reporter;
}

export interface WrittenPackage {
  readonly model: ModelPackage;
  /** Of the ONNX file, with what lies beside it. */
  readonly bytes: number;
  /** From the training engine, relative. */
  readonly difference: number;
}

/**
 * Traces the network, compares it on a tile with the engine that trains, and writes the package with its checkpoint.
 *
 * @throws CommandError `trainer/run` when the two differ; then nothing was written
 */
export async function writePackage(facts: PackageFacts, options: PackageOptions): Promise<WrittenPackage> {
  const { signal } = options;
  // beside the package: what is written for the comparison is moved there
  const beside = dirname(resolve(options.out));
  await mkdir(beside, { recursive: true });
  const directory = await mkdtemp(join(beside, '.tokenunify-export-'));
  try {
    const exported = await exportOnnx(join(directory, 'model.onnx'), facts, signal);
    return await packed(exported, facts, options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Exported {
  readonly modelPath: string;
  readonly files: readonly WrittenFile[];
}

async function exportOnnx(modelPath: string, facts: PackageFacts, signal: AbortSignal): Promise<Exported> {
  const { weights, preset, opset, dtype = 'float32', tile } = facts;
  const files = await writeOnnx(modelPath, {
    opset,
    dtype,
    inputShape: [1, ...tile],
    weights,
    trace: (ops, parameters, raw) => ops.sigmoid(affinityForward(ops, parameters, preset, raw)),
    metadata: { preset: preset.name },
    signal,
  });
  return { modelPath, files };
}

async function packed(
  { modelPath, files }: Exported,
  facts: PackageFacts,
  options: PackageOptions,
): Promise<WrittenPackage> {
  const { weights, preset, opset, dtype = 'float32', tile } = facts;
  const { signal, reporter } = options;
  const input = testTile(tile);
  const expected = await predictTile(options.engine, { preset, weights, tile, input }, reporter);
  signal.throwIfAborted();
  // before the package is written: one that is wrong must not lie about
  const { affinities, difference } = await compareExported(
    expected,
    { modelPath, dtype, tile, input },
    signal,
  );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  // What readers compare with, closer than half precision is to the engine.
  const testOutput = dtype === 'float16' ? affinities : expected;
  const { selection = null, report = null } = facts;
  const written = await writeModelPackage(
    options.out,
    {
      name: facts.name,
      version: facts.version,
      description: facts.description,
      preset: preset.name,
      model: (path) => Promise.all(files.map(({ name }) => moveBeside(modelPath, name, path))),
      opsetVersion: opset,
      dtype,
      tileShape: tile,
      minimumShape: preset.token,
      inputScale: { offset: 0, scale: 1 / 255 },
      ...(facts.voxelSize && { voxelSize: facts.voxelSize }),
      // read from JSON, or plain data of ours: casts only say so
      postprocessing: facts.postprocessing as Json,
      metrics: { selection, report } as unknown as Json,
      training: facts.training as unknown as Json,
      modelCard: modelCard({
        ...facts,
        selection: facts.selection,
        report: facts.report,
        bytes,
      }),
      license: facts.license,
      authors: [{ name: 'The TokenUnify TypeScript authors' }],
      cite: facts.cite,
      tags: ['electron-microscopy', 'neuron-segmentation', 'affinities', 'tokenunify'],
      testInput: encodeNpy({ dtype: 'uint8', shape: [1, 1, ...tile], data: input }),
      testOutput: encodeNpy({ dtype: 'float32', shape: [1, 3, ...tile], data: testOutput }),
      checkpoint: { weights, state: published(preset, facts.state) },
      timestamp: facts.timestamp,
    },
    { overwrite: options.overwrite },
  );
  return { model: written, bytes, difference };
}

/** One of the files of a model at `from` becomes the file of the same name beside `to`. */
const moveBeside = (from: string, name: string, to: string): Promise<void> =>
  rename(join(dirname(from), name), join(dirname(to), name.replace(basename(from), basename(to))));

/** What a training needs to go on from published weights; settings have somebody's paths in them. */
function published(preset: Preset, { step, engine }: PackageFacts['state']): Record<string, unknown> {
  return { command: 'finetune', preset: preset.name, step, engine };
}

import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodeNpy } from '@tokenunify/em-io';
import {
  affinityForward,
  EnginePredictor,
  presetNamed,
  readCheckpoint,
  startInference,
  toOpset,
  traceOnnx,
  writeModelPackage,
  type Checkpoint,
  type EngineChoice,
  type Json,
  type ModelPackage,
  type Preset,
  type Vec3,
} from '@tokenunify/model';
import { CommandError } from '../errors.ts';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { modelCard } from '../model-card/model-card.ts';
import { trainingHistory } from '../model-card/history.ts';
import { announceEngine } from './training.ts';
import { testTile } from './test-tile.ts';

export interface ExportCommand {
  readonly checkpoint: string;
  readonly out: string;
  readonly name: string;
  readonly modelVersion: string;
  /** JSON of `evaluate --select`: post-processing and the scores it was chosen by. */
  readonly selection?: string;
  /** JSON of `evaluate --report`: scores on voxels never used for a choice. */
  readonly report?: string;
  readonly tile?: Vec3;
  readonly opset: number;
  readonly voxelSize?: Vec3;
  readonly timestamp?: string;
  readonly engine: EngineChoice;
  readonly overwrite: boolean;
  readonly json: boolean;
}

/** Largest difference, relative to the largest output, that an exported network may have from the trained one. */
const TOLERANCE = 1e-4;

/** `tokenunify export`: a checkpoint of `finetune` as a model package, checked against the engine it came from. */
export async function runExport(
  command: ExportCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const checkpoint = await readCheckpoint(command.checkpoint);
  const preset = presetOf(checkpoint, command.checkpoint);
  const tile = command.tile ?? preset.crop;
  const opset = toOpset(command.opset);
  const model = traceOnnx({
    opset,
    inputShape: [1, ...tile],
    weights: checkpoint.average ?? checkpoint.weights,
    trace: (ops, parameters, raw) => ops.sigmoid(affinityForward(ops, parameters, preset, raw)),
    metadata: { preset: preset.name },
  });
  const selection = await json(command.selection);
  const report = await json(command.report);
  const training = await trainingHistory(dirname(command.checkpoint), checkpoint.state);
  const input = testTile(tile);
  const expected = await runEngine(command, checkpoint, preset, tile, input, reporter);
  const postprocessing = selection?.['postprocessing'] ?? defaultPostprocessing;
  const voxelSize = command.voxelSize ?? [10, 10, 10];
  const facts = {
    name: command.name,
    preset,
    tile,
    voxelSize,
    training,
    selection,
    report,
    model: model.length,
  };
  const written = await writeModelPackage(
    command.out,
    {
      name: command.name,
      version: command.modelVersion,
      description: `Affinities for neuron segmentation of electron-microscopy volumes at about ${voxelSize.join(' x ')} nm.`,
      preset: preset.name,
      model,
      opsetVersion: opset,
      tileShape: tile,
      minimumShape: preset.token,
      inputScale: { offset: 0, scale: 1 / 255 },
      voxelSize,
      postprocessing: postprocessing as Json,
      metrics: { selection: selection ?? null, report: report ?? null } as Json,
      training: training as unknown as Json,
      modelCard: modelCard(facts),
      license: 'Apache-2.0',
      authors: [{ name: 'The TokenUnify TypeScript authors' }],
      cite: citations,
      tags: ['electron-microscopy', 'neuron-segmentation', 'affinities', 'tokenunify'],
      testInput: encodeNpy({ dtype: 'uint8', shape: [1, 1, ...tile], data: input }),
      testOutput: encodeNpy({ dtype: 'float32', shape: [1, 3, ...tile], data: expected }),
      timestamp: command.timestamp ?? new Date().toISOString(),
    },
    { overwrite: command.overwrite },
  );
  const difference = await compare(written, input, expected, signal);
  reporter.result(
    `${written.dir}: ${written.digest}, ${(model.length / 2 ** 20).toFixed(1)} MiB, opset ${opset}, differs from the engine by ${difference.toExponential(1)}`,
    { dir: written.dir, digest: written.digest, bytes: model.length, opset, difference },
  );
  return 0;
}

const citations = [
  {
    text: 'Chen et al. TokenUnify: Scaling Up Autoregressive Pretraining for Neuron Segmentation. 2024.',
    url: 'https://arxiv.org/abs/2405.16847',
  },
  {
    text: 'Takemura et al. Synaptic circuits and their variations within different columns in the visual system of Drosophila. PNAS 112(44), 2015. FIB-25 data by Janelia FlyEM, CC BY.',
    doi: '10.1073/pnas.1509820112',
  },
];

/** Until validation chose: isotropic watershed, and the scoring of the paper at its threshold. */
const defaultPostprocessing = {
  watershed: { mode: '3d' },
  agglomeration: { scoring: 'hist50', threshold: 0.5 },
};

export function presetOf(checkpoint: Checkpoint, source: string): Preset {
  const { preset, command } = checkpoint.state;
  if (typeof preset !== 'string' || command !== 'finetune')
    throw new CommandError(
      'trainer/data',
      `${source} is no checkpoint of \`tokenunify finetune\`; only those predict affinities.`,
    );
  return presetNamed(preset);
}

async function runEngine(
  command: ExportCommand,
  checkpoint: Checkpoint,
  preset: Preset,
  tile: Vec3,
  input: Uint8Array,
  reporter: Reporter,
): Promise<Float32Array> {
  const engine = await announceEngine(command.engine, reporter);
  const predictor = new EnginePredictor(engine, preset, checkpoint.average ?? checkpoint.weights, tile);
  try {
    return await predictor.predict(
      Float32Array.from(input, (v) => v / 255),
      1,
    );
  } finally {
    predictor[Symbol.dispose]();
  }
}

async function compare(
  written: ModelPackage,
  input: Uint8Array,
  expected: Float32Array,
  signal: AbortSignal,
): Promise<number> {
  const inference = await startInference(written, { signal });
  try {
    const got = await inference.predict(
      Float32Array.from(input, (v) => v / 255),
      1,
      { signal },
    );
    let [worst, largest] = [0, 0];
    for (let i = 0; i < expected.length; i++) {
      worst = Math.max(worst, Math.abs(expected[i]! - got[i]!));
      largest = Math.max(largest, Math.abs(expected[i]!));
    }
    if (!(worst <= TOLERANCE * largest))
      throw new CommandError(
        'trainer/run',
        `The exported network differs from the trained one by ${worst} (limit ${TOLERANCE * largest}); do not use ${written.dir}, report this with the checkpoint.`,
      );
    return worst / largest;
  } finally {
    await inference.close();
  }
}

async function json(file: string | undefined): Promise<Record<string, unknown> | undefined> {
  if (file === undefined) return undefined;
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new CommandError(
      'trainer/data',
      `${file} is not readable JSON; name a file that \`tokenunify evaluate\` wrote.`,
      cause,
    );
  }
}

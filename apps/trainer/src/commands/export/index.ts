import { dirname } from 'node:path';
import { encodeNpy } from '@tokenunify/em-io';
import {
  affinityForward,
  checkCrop,
  readCheckpoint,
  toOpset,
  traceOnnx,
  writeModelPackage,
  type EngineChoice,
  type Json,
  type Vec3,
} from '@tokenunify/model';
import { citationsOf } from '../../model-card/data-sets.ts';
import { trainingHistory } from '../../model-card/history.ts';
import { modelCard } from '../../model-card/model-card.ts';
import { readMeasured } from '../../model-card/measured.ts';
import { createReporter, type Reporter } from '../../progress/reporter.ts';
import { presetOf } from '../predictors.ts';
import { differenceFrom, predictTile } from './check.ts';
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

/** Until validation chose: isotropic watershed, mean affinity. */
const defaultPostprocessing = {
  watershed: { mode: '3d' },
  agglomeration: { scoring: 'mean', threshold: 0.5 },
};

/** `tokenunify export`: a checkpoint of `finetune` as a model package, checked against the engine it came from. */
export async function runExport(
  command: ExportCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const checkpoint = await readCheckpoint(command.checkpoint);
  const preset = presetOf(checkpoint, command.checkpoint);
  const weights = checkpoint.average ?? checkpoint.weights;
  const tile = command.tile ?? preset.crop;
  checkCrop(preset, tile);
  const opset = toOpset(command.opset);
  const selection = await readMeasured(command.selection);
  const report = await readMeasured(command.report);
  const training = await trainingHistory(dirname(command.checkpoint), checkpoint.state);
  const model = traceOnnx({
    opset,
    inputShape: [1, ...tile],
    weights,
    trace: (ops, parameters, raw) => ops.sigmoid(affinityForward(ops, parameters, preset, raw)),
    metadata: { preset: preset.name },
  });
  const input = testTile(tile);
  const expected = await predictTile(command.engine, { preset, weights, tile, input }, reporter);
  // before the package is written: one that is wrong must not lie about
  const difference = await differenceFrom(expected, { model, tile, input }, signal);
  const voxelSize = command.voxelSize ?? [10, 10, 10];
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
      // read from JSON, or plain data of ours: casts only say so
      postprocessing: (selection?.postprocessing ?? defaultPostprocessing) as Json,
      metrics: { selection: selection ?? null, report: report ?? null } as unknown as Json,
      training: training as unknown as Json,
      modelCard: modelCard({
        ...{ name: command.name, preset, tile, voxelSize },
        ...{ training, selection, report, bytes: model.length },
      }),
      license: 'Apache-2.0',
      authors: [{ name: 'The TokenUnify TypeScript authors' }],
      cite: citationsOf(training),
      tags: ['electron-microscopy', 'neuron-segmentation', 'affinities', 'tokenunify'],
      testInput: encodeNpy({ dtype: 'uint8', shape: [1, 1, ...tile], data: input }),
      testOutput: encodeNpy({ dtype: 'float32', shape: [1, 3, ...tile], data: expected }),
      timestamp: command.timestamp ?? new Date().toISOString(),
    },
    { overwrite: command.overwrite },
  );
  reporter.result(
    `${written.dir}: ${written.digest}, ${(model.length / 2 ** 20).toFixed(1)} MiB, opset ${opset}, differs from the engine by ${difference.toExponential(1)}`,
    { dir: written.dir, digest: written.digest, bytes: model.length, opset, difference },
  );
  return 0;
}

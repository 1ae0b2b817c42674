import { dirname } from 'node:path';
import {
  checkCrop,
  checkWeights,
  describeNetwork,
  readCheckpoint,
  toOpset,
  type ElementType,
  type EngineChoice,
  type Vec3,
} from '@tokenunify/model';
import { citationsOf } from '../../model-card/data-sets.ts';
import { trainingHistory } from '../../model-card/history.ts';
import { readMeasured } from '../../model-card/measured.ts';
import { createReporter, type Reporter } from '../../progress/reporter.ts';
import { presetOf } from '../predictors.ts';
import { writePackage } from './package.ts';

export interface ExportCommand {
  readonly checkpoint: string;
  readonly out: string;
  /** `TokenUnify` and the preset when absent. */
  readonly name?: string;
  readonly modelVersion: string;
  /** JSON of `evaluate --select`: post-processing and the scores it was chosen by. */
  readonly selection?: string;
  /** JSON of `evaluate --report`: scores on voxels never used for a choice. */
  readonly report?: string;
  readonly tile?: Vec3;
  readonly opset: number;
  readonly dtype: ElementType;
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
  const checkpoint = await readCheckpoint(command.checkpoint, { parts: ['weights', 'average'] });
  const preset = presetOf(checkpoint, command.checkpoint);
  const weights = checkpoint.average ?? checkpoint.weights;
  const tile = command.tile ?? preset.crop;
  const opset = toOpset(command.opset);
  checkCrop(preset, tile);
  // names the first weight that differs: a checkpoint may say one preset and hold another
  checkWeights(describeNetwork(preset, 'affinities', tile).parameters, weights, command.checkpoint);
  const selection = await readMeasured(command.selection);
  const report = await readMeasured(command.report);
  const training = await trainingHistory(dirname(command.checkpoint), checkpoint.state);
  const voxelSize = command.voxelSize ?? [10, 10, 10];
  const { model, bytes, difference } = await writePackage(
    {
      ...{ weights, preset, opset, tile, voxelSize, training, selection, report },
      state: checkpoint.state,
      dtype: command.dtype,
      name: command.name ?? `TokenUnify ${preset.name}`,
      version: command.modelVersion,
      description: `Affinities for neuron segmentation of electron-microscopy volumes at about ${voxelSize.join(' x ')} nm.`,
      license: 'Apache-2.0',
      cite: citationsOf(training),
      timestamp: command.timestamp ?? new Date().toISOString(),
      postprocessing: selection?.postprocessing ?? defaultPostprocessing,
    },
    { out: command.out, overwrite: command.overwrite, engine: command.engine, signal, reporter },
  );
  reporter.result(
    `${model.dir}: ${model.digest}, ${(bytes / 2 ** 20).toFixed(1)} MiB, opset ${opset}, ${command.dtype}, differs from the engine by ${difference.toExponential(1)}`,
    { dir: model.dir, digest: model.digest, bytes, opset, dtype: command.dtype, difference },
  );
  return 0;
}

import {
  EnginePredictor,
  readCheckpoint,
  readModelPackage,
  startInference,
  type EngineChoice,
  type ModelPackage,
} from '@tokenunify/model';
import type { AffinityPredictor, PostProcessing } from '@tokenunify/segmentation';
import { CommandError } from '../errors.ts';
import type { Reporter } from '../progress/reporter.ts';
import { presetOf } from './export.ts';
import { announceEngine } from './training.ts';

/** Something that predicts affinities, and what a command must know of it. */
export interface NamedPredictor {
  readonly name: string;
  readonly predictor: AffinityPredictor;
  readonly minimumShape: readonly [number, number, number];
  readonly inputScale: { readonly offset: number; readonly scale: number };
  /** Chosen by validation; only packages have one. */
  readonly postprocessing?: PostProcessing;
  readonly package?: ModelPackage;
  close(): Promise<void>;
}

/** The model package's network, in ONNX Runtime, in a process of its own. */
export async function packagePredictor(
  directory: string,
  options: { threads?: number; signal: AbortSignal },
): Promise<NamedPredictor> {
  const model = await readModelPackage(directory);
  const inference = await startInference(model, options);
  return {
    name: `${model.name} ${model.version}`,
    predictor: inference,
    minimumShape: model.minimumShape,
    inputScale: model.inputScale,
    // the package's reader checked that it is JSON; libs/segmentation checks the values when it uses them
    postprocessing: model.postprocessing as PostProcessing,
    package: model,
    close: () => inference.close(),
  };
}

/** Checkpoints, one after the other, on one training engine. */
export async function* checkpointPredictors(
  files: readonly string[],
  engineChoice: EngineChoice,
  reporter: Reporter,
): AsyncGenerator<NamedPredictor & { readonly checkpoint: string }> {
  const engine = await announceEngine(engineChoice, reporter);
  for (const file of files) {
    const checkpoint = await readCheckpoint(file);
    const preset = presetOf(checkpoint, file);
    const predictor = new EnginePredictor(engine, preset, checkpoint.average ?? checkpoint.weights);
    yield {
      name: file,
      checkpoint: file,
      predictor,
      minimumShape: preset.token,
      inputScale: { offset: 0, scale: 1 / 255 },
      close: async () => predictor[Symbol.dispose](),
    };
  }
}

/** Post-processing given as JSON on the command line. */
export function parsePostprocessing(text: string): PostProcessing {
  try {
    return JSON.parse(text) as PostProcessing; // libs/segmentation checks the values when it uses them
  } catch (cause) {
    throw new CommandError(
      'trainer/usage',
      `--postprocessing '${text}' is not JSON; write it as '{"watershed":{"mode":"3d"},"agglomeration":{"scoring":"mean","threshold":0.4}}'.`,
      cause,
    );
  }
}

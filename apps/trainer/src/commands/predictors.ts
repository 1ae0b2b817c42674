import {
  EnginePredictor,
  presetNamed,
  readCheckpoint,
  startInference,
  type Checkpoint,
  type EngineChoice,
  type ModelPackage,
  type Preset,
  type Vec3,
} from '@tokenunify/model';
import { parsePostProcessing, type AffinityPredictor, type PostProcessing } from '@tokenunify/segmentation';
import { CommandError } from '../errors.ts';
import type { Reporter } from '../progress/reporter.ts';
import { announceEngine } from './training.ts';

/** Something that predicts affinities, and what a command must know of it. */
export interface NamedPredictor {
  readonly name: string;
  readonly predictor: AffinityPredictor;
  readonly minimumShape: Vec3;
  readonly inputScale: { readonly offset: number; readonly scale: number };
  /** The checkpoint it is; packages are none. */
  readonly checkpoint?: string;
  /** What the checkpoint says of its training. */
  readonly state?: Checkpoint['state'];
  close(): Promise<void>;
}

/** The model package's network, in ONNX Runtime, in a process of its own. */
export async function packagePredictor(
  model: ModelPackage,
  options: { readonly threads?: number; readonly signal: AbortSignal },
): Promise<NamedPredictor> {
  const inference = await startInference(model, options);
  return {
    name: `${model.name} ${model.version}`,
    predictor: inference,
    minimumShape: model.minimumShape,
    inputScale: model.inputScale,
    close: () => inference.close(),
  };
}

/** Checkpoints, one after the other, on one training engine. */
export async function* checkpointPredictors(
  files: readonly string[],
  options: { readonly engine: EngineChoice; readonly tile?: Vec3 },
  reporter: Reporter,
): AsyncGenerator<NamedPredictor> {
  const engine = await announceEngine(options.engine, reporter);
  for (const file of files) {
    const checkpoint = await readCheckpoint(file);
    const preset = presetOf(checkpoint, file);
    const weights = checkpoint.average ?? checkpoint.weights;
    const predictor = new EnginePredictor(engine, preset, weights, options.tile);
    yield {
      name: file,
      checkpoint: file,
      state: checkpoint.state,
      predictor,
      minimumShape: preset.token,
      inputScale: { offset: 0, scale: 1 / 255 },
      close: async () => predictor[Symbol.dispose](),
    };
  }
}

/** @throws CommandError `trainer/data` for checkpoints that predict no affinities */
export function presetOf(checkpoint: Checkpoint, source: string): Preset {
  const { preset, command } = checkpoint.state;
  if (typeof preset !== 'string' || command !== 'finetune')
    throw new CommandError(
      'trainer/data',
      `${source} is no checkpoint of \`tokenunify finetune\`; only those predict affinities.`,
    );
  return presetNamed(preset);
}

/**
 * The post-processing to use: the command line's, else the package's.
 * @throws CommandError `trainer/usage`, or a SegmentationError naming the field
 */
export function choosePostprocessing(
  text: string | undefined,
  model: ModelPackage | undefined,
): PostProcessing {
  if (text !== undefined) return parsePostProcessing(parseJson('--postprocessing', text));
  if (model) return parsePostProcessing(model.postprocessing);
  throw new CommandError(
    'trainer/usage',
    'A checkpoint has no post-processing; give --postprocessing, or choose one with --select.',
  );
}

/** JSON given on the command line. */
export function parseJson(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CommandError(
      'trainer/usage',
      `${option} '${text}' is not JSON; write it as '${examples[option] ?? '{}'}'.`,
      cause,
    );
  }
}

const examples: Readonly<Record<string, string>> = {
  '--postprocessing': '{"watershed":{"mode":"3d"},"agglomeration":{"scoring":"mean","threshold":0.4}}',
  '--watershed': '{"mode":"3d"}',
};

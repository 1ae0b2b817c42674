/** Flags over file over defaults: what a training is to do, each setting from where it was said last. */
import {
  checkCurriculum,
  presetNamed,
  type Curriculum,
  type EngineChoice,
  type Preset,
  type Vec3,
} from '@tokenunify/model';
import type { FinetuneCommand } from '../commands/finetune.ts';
import type { PretrainCommand } from '../commands/pretrain.ts';
import { CommandError } from '../errors.ts';
import { checkCrops, growingCurriculum, withCrops, type CropSize } from './curriculum.ts';
import { readConfig } from './read.ts';
import { recipeOf } from './recipe.ts';
import { finetuneSchema, pretrainSchema, type FinetuneConfig, type PretrainConfig } from './schema.ts';

/** Options of both, as the command line has them: with its defaults. */
interface TrainingFlags {
  readonly config?: string;
  readonly preset: string;
  readonly steps: number;
  readonly epochs?: number;
  readonly seed: number;
  readonly rate: number;
  readonly checkpointEvery: number;
  readonly recompute: boolean;
  readonly isotropic: boolean;
  readonly engine: EngineChoice;
  readonly gpu: boolean;
  readonly box?: string;
  readonly out: string;
  readonly resume: boolean;
  readonly json: boolean;
}

export interface PretrainFlags extends TrainingFlags {
  readonly raw: readonly string[];
  readonly batch?: number;
  readonly voxelsPerStep: number;
  readonly crops?: readonly CropSize[];
  readonly heldOut?: number;
  readonly heldOutBox?: string;
  readonly probeEvery?: number;
}

export interface FinetuneFlags extends TrainingFlags {
  readonly raw: string;
  readonly labels: string;
  readonly from?: string;
  readonly crop?: Vec3;
  readonly batch: number;
  readonly voxelsPerStep?: number;
  readonly erode: boolean;
}

/**
 * @param given names of the options that were typed; the others have their defaults
 * @throws CommandError `trainer/usage` for a file that cannot be used, ModelError for a preset that there is none of, a
 *   curriculum that does not cover training, crops that do not suit the preset
 */
export async function resolvePretrain(
  flags: PretrainFlags,
  given: ReadonlySet<string>,
): Promise<PretrainCommand> {
  const file: PretrainConfig =
    flags.config === undefined ? {} : await readConfig(flags.config, pretrainSchema);
  const preset = presetNamed(given.has('preset') ? flags.preset : (file.preset ?? flags.preset));
  const batch = flags.batch ?? file.batch;
  const curriculum: Curriculum = withCrops(file.curriculum ?? growingCurriculum(preset), flags.crops);
  checkCurriculum(curriculum);
  checkCrops(preset, curriculum);
  const { raw, heldOutBox, crops } = flags;
  const heldOut = heldOutBox ?? flags.heldOut ?? file.heldOut;
  const probeEvery = flags.probeEvery ?? file.probeEvery;
  return {
    ...resolveCommon(flags, given, file, preset, batch),
    raw,
    voxelsPerStep: given.has('voxelsPerStep')
      ? flags.voxelsPerStep
      : (file.voxelsPerStep ?? flags.voxelsPerStep),
    ...(batch !== undefined && { batch }),
    curriculum,
    ...(crops && { crops }),
    ...(heldOut !== undefined && { heldOut }),
    ...(probeEvery !== undefined && { probeEvery }),
    recipe: recipeOf({ ...file, ...(flags.recompute && { recompute: true }) }, 'mild'),
  };
}

/** As `resolvePretrain`. */
export async function resolveFinetune(
  flags: FinetuneFlags,
  given: ReadonlySet<string>,
): Promise<FinetuneCommand> {
  const file: FinetuneConfig =
    flags.config === undefined ? {} : await readConfig(flags.config, finetuneSchema);
  const preset = presetNamed(given.has('preset') ? flags.preset : (file.preset ?? flags.preset));
  const batch = given.has('batch') ? flags.batch : (file.batch ?? flags.batch);
  const { raw, labels, from } = flags;
  const voxelsPerStep = flags.voxelsPerStep ?? file.voxelsPerStep;
  return {
    ...resolveCommon(flags, given, file, preset, batch),
    ...{ raw, labels },
    ...(from !== undefined && { from }),
    crop: flags.crop ?? file.crop ?? preset.crop,
    batch,
    ...(voxelsPerStep !== undefined && { voxelsPerStep }),
    erode: given.has('erode') ? flags.erode : (file.erode ?? flags.erode),
    recipe: recipeOf({ ...file, ...(flags.recompute && { recompute: true }) }, 'strong'),
  };
}

function resolveCommon(
  flags: TrainingFlags,
  given: ReadonlySet<string>,
  file: PretrainConfig | FinetuneConfig,
  preset: Preset,
  batch: number | undefined,
) {
  const { box, out, resume, json, gpu } = flags;
  return {
    preset: preset.name,
    ...lengthOf(flags, given, file),
    rate: rateOf(flags, given, file, batch),
    seed: given.has('seed') ? flags.seed : (file.seed ?? flags.seed),
    checkpointEvery: given.has('checkpointEvery')
      ? flags.checkpointEvery
      : (file.checkpointEvery ?? flags.checkpointEvery),
    // a token that is no cube is for voxels that are none either: z is no other y
    isotropic: given.has('isotropic') ? flags.isotropic : (file.isotropic ?? isCube(preset.token)),
    engine: given.has('engine') ? flags.engine : (file.engine ?? flags.engine),
    ...(box !== undefined && { box }),
    ...{ out, resume, json, gpu },
  };
}

const isCube = ([z, y, x]: Vec3): boolean => z === y && y === x;

/** Steps or epochs, never both: what was typed, else what the file says. */
function lengthOf(
  flags: TrainingFlags,
  given: ReadonlySet<string>,
  file: PretrainConfig | FinetuneConfig,
): { readonly steps?: number; readonly epochs?: number } {
  if (given.has('steps')) return { steps: flags.steps };
  if (flags.epochs !== undefined) return { epochs: flags.epochs };
  if (file.epochs !== undefined) return { epochs: file.epochs };
  return { steps: file.steps ?? flags.steps };
}

function rateOf(
  flags: TrainingFlags,
  given: ReadonlySet<string>,
  file: PretrainConfig | FinetuneConfig,
  batch: number | undefined,
): number {
  const { peak, peakPer256 } = file.schedule ?? {};
  if (given.has('rate')) return flags.rate;
  if (peakPer256 === undefined) return peak ?? flags.rate;
  if (batch === undefined)
    throw new CommandError(
      'trainer/usage',
      `${flags.config}: schedule.peakPer256 is ${peakPer256}, which is multiplied by batch / 256, and there is no batch; give it there, or with --batch.`,
    );
  return (peakPer256 * batch) / 256;
}

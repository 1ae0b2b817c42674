/** What a run directory keeps of a training's settings, and what it means that an old one does not have some. */
import type { FinetuneCommand } from '../commands/finetune.ts';
import type { PretrainCommand } from '../commands/pretrain.ts';
import { growingCurriculum, withCrops } from '../config/curriculum.ts';
import { recipeOf, recorded } from '../config/recipe.ts';
import type { Preset } from '@tokenunify/model';

type Settings = Readonly<Record<string, unknown>>;

/** @param heldOut in force */
export function pretrainSettings(command: PretrainCommand, heldOut: number | string): Settings {
  const { preset, raw, box, steps, epochs, seed, rate, voxelsPerStep, isotropic } = command;
  const { crops, batch, curriculum, recipe } = command;
  return {
    ...{ command: 'pretrain', preset, raw, box: box ?? null },
    ...{ steps: steps ?? null, ...(epochs !== undefined && { epochs }), seed, rate },
    ...{ voxelsPerStep, ...(batch !== undefined && { batch }), isotropic },
    ...(crops && { crops }), // only when given: runs of before have no such setting
    ...(typeof heldOut === 'string' ? { heldOutBox: heldOut } : { heldOut }),
    config: { curriculum, ...recorded(recipe) },
  };
}

export const absentFromPretrain = ({ crops }: PretrainCommand, preset: Preset): Settings => ({
  heldOut: 0,
  config: {
    curriculum: withCrops(growingCurriculum(preset), crops),
    ...recorded(recipeOf({}, 'mild')),
  },
});

export function finetuneSettings(command: FinetuneCommand): Settings {
  const { preset, raw, labels, box, from, crop, batch, voxelsPerStep } = command;
  const { steps, epochs, seed, rate, erode, isotropic, recipe } = command;
  return {
    ...{ command: 'finetune', preset, raw, labels, box: box ?? null, from: from ?? null },
    ...{ crop, batch, ...(voxelsPerStep !== undefined && { voxelsPerStep }) },
    ...{ steps: steps ?? null, ...(epochs !== undefined && { epochs }), seed, rate, erode, isotropic },
    config: recorded(recipe),
  };
}

export const absentFromFinetune: Settings = { config: recorded(recipeOf({}, 'strong')) };

import { checkCrop, presetNamed, type ModelPackage, type Preset } from '@tokenunify/model';
import { CommandError } from '../../../errors.ts';
import type { Annotation, TrainingSettings } from '../types.ts';

/** What a night's run directory is for; gone on with only under the same, whatever the paths are then. */
export function nightSettings(
  champion: ModelPackage,
  annotations: readonly Annotation[],
  training: TrainingSettings,
  newWeight: { readonly weight: number; readonly keys: readonly string[] } | undefined,
): Readonly<Record<string, unknown>> {
  const { steps, rate, crop, batch, isotropic, erode, seed } = training;
  return {
    ...{ command: 'retrain', preset: champion.preset, from: champion.digest },
    raw: annotations.map(({ raw }) => raw),
    labels: annotations.map(({ labels }) => labels),
    box: annotations.map(({ box: { start, stop } }) => start.map((at, i) => `${at}:${stop[i]}`).join(',')),
    sha256: annotations.map(({ sha256 }) => sha256),
    ...{ crop, batch, steps, seed, rate, erode, isotropic },
    ...(newWeight && {
      newWeight: newWeight.weight,
      new: annotations.filter(({ key }) => newWeight.keys.includes(key)).map(({ sha256 }) => sha256),
    }),
  };
}

/**
 * The preset of a champion that can be trained on here, with these crops.
 * @throws CommandError `trainer/data`, ModelError `model/preset` or `model/shape`
 */
export function trainablePreset(champion: ModelPackage, crop?: TrainingSettings['crop']): Preset {
  const preset = presetNamed(champion.preset);
  const { offset, scale } = champion.inputScale;
  if (offset !== 0 || Math.abs(scale - 1 / 255) > 1e-9)
    throw new CommandError(
      'trainer/data',
      `${champion.name} ${champion.version} scales its input by (v - ${offset}) * ${scale}, but trainings here have v / 255; promote a model that \`tokenunify export\` made.`,
    );
  if (crop) checkCrop(preset, crop);
  return preset;
}

import { ModelError } from '../errors.ts';
import type { Vec3 } from '../ops/ops.ts';
import { checkPreset } from './check-preset.ts';
import type { Preset } from './preset.ts';
import { presets } from './presets/index.ts';
import { withTransformer } from './with-transformer.ts';

export type { Preset, StagePreset } from './preset.ts';
export { checkPreset, presets, withTransformer };

const TRANSFORMER = '-transformer';

/**
 * A preset by name: one of `presets`, or one with `-transformer` behind it, see `withTransformer`.
 * @throws ModelError `model/preset` when there is none of that name.
 */
export function presetNamed(name: string): Preset {
  const found = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (found) {
    checkPreset(found);
    return found;
  }
  const stem = name.endsWith(TRANSFORMER) ? name.slice(0, -TRANSFORMER.length) : '';
  if (Object.hasOwn(presets, stem)) return withTransformer(presetNamed(stem));
  throw new ModelError(
    'model/preset',
    `There is no preset '${name}'; use one of ${Object.keys(presets).join(', ')}.`,
  );
}

/** Product of all strides: a crop must be a multiple of it on every axis. */
export function totalStride(preset: Preset): Vec3 {
  return preset.stages.reduce<Vec3>(
    (total, { strides }) => [total[0] * strides[0], total[1] * strides[1], total[2] * strides[2]],
    [1, 1, 1],
  );
}

/** Refuses a crop (or tile) that the strides or the tokens do not divide. */
export function checkCrop(preset: Preset, crop: Vec3): void {
  const units = cropUnit(preset);
  crop.forEach((size, axis) => {
    const unit = units[axis]!; // three axes
    if (size <= 0 || size % unit !== 0)
      throw new ModelError(
        'model/shape',
        `Crop [${crop.join(', ')}] does not suit preset '${preset.name}': axis ${'zyx'[axis]} must be a positive multiple of ${unit}.`,
      );
  });
}

/** What a crop (or tile) must be a multiple of, in voxels, (z, y, x): strides and tokens both divide it. */
export function cropUnit(preset: Preset): Vec3 {
  const stride = totalStride(preset);
  const unit = (axis: 0 | 1 | 2) => leastCommonMultiple(stride[axis], preset.token[axis]);
  return [unit(0), unit(1), unit(2)];
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y) [x, y] = [y, x % y];
  return (a / x) * b;
}

/** Tokens a crop has on each axis. */
export function tokenGrid(preset: Preset, crop: Vec3): Vec3 {
  return [crop[0] / preset.token[0], crop[1] / preset.token[1], crop[2] / preset.token[2]];
}

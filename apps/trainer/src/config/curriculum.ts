import {
  checkCrop,
  cropUnit,
  defaultCurriculum,
  type Curriculum,
  type Preset,
  type Vec3,
} from '@tokenunify/model';
import { CommandError } from '../errors.ts';

/** A crop as `--crops` names it: the side of a cube, or z, y and x. */
export type CropSize = number | Vec3;

const cropOf = (size: CropSize): Vec3 => (typeof size === 'number' ? [size, size, size] : size);

/** Of the preset's crop, phase by phase. */
const growth = [0.5, 0.75, 1];

/**
 * The paper's weights on crops that grow to the preset's own, in units that strides and tokens divide: cubes of 32, 48 and
 * 64 voxels for `nano`, 8 x 64 x 64 to 16 x 128 x 128 for `nano-anisotropic`.
 */
export function growingCurriculum(preset: Preset): Curriculum {
  const units = cropUnit(preset);
  return defaultCurriculum.map((phase, index) => {
    const share = growth[index] ?? 1;
    const crop = preset.crop.map((size, axis) => {
      const unit = units[axis]!; // three axes
      return Math.min(size, Math.max(unit, Math.round((share * size) / unit) * unit));
    });
    return { ...phase, crop: crop as unknown as Vec3 }; // as many axes as the preset's crop
  });
}

/** The same phases with other crops. */
export function withCrops(curriculum: Curriculum, sizes: readonly CropSize[] | undefined): Curriculum {
  if (!sizes) return curriculum;
  if (sizes.length !== curriculum.length)
    throw new CommandError(
      'trainer/usage',
      `--crops ${sizes.map(sizeText).join(',')} names ${sizes.length} sizes, but the curriculum has ${curriculum.length} phases; name one for each, as ${curriculum.map(({ crop }) => sizeText(crop)).join(',')}.`,
    );
  return curriculum.map((phase, index) => ({ ...phase, crop: cropOf(sizes[index]!) })); // as many as phases
}

/** @throws ModelError `model/shape` for a crop that strides or tokens do not divide */
export function checkCrops(preset: Preset, curriculum: Curriculum): void {
  for (const { crop } of curriculum) checkCrop(preset, crop);
}

function sizeText(size: CropSize): string {
  const crop = cropOf(size);
  return crop.every((side) => side === crop[0]) ? String(crop[0]) : crop.join('x');
}

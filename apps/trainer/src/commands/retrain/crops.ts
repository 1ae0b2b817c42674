import { boxShape } from '@tokenunify/em-io';
import type { RetrainConfig } from './config.ts';
import { toTrainOn } from './context.ts';
import { wrong } from './errors.ts';
import type { Annotation } from './types.ts';

/**
 * Refuses annotations to train on that are too small for the crops, however these lie in them.
 *
 * @throws NightError, exit code 2, before anything is trained
 */
export function checkCrops({ file, training }: RetrainConfig, annotations: readonly Annotation[]): void {
  const [z, y, x] = training.crop;
  const flat = Math.max(y, x);
  const needed = training.isotropic ? Array<number>(3).fill(Math.max(z, flat)) : [z, flat, flat];
  for (const { raw, number, box } of toTrainOn({ annotations })) {
    const shape = boxShape(box);
    if (shape.some((size, axis) => size < (needed[axis] ?? 0)))
      throw wrong(
        `Entry ${number} of the manifest (${raw}) has a box of ${shape.join(' x ')} voxels, but crops of training.crop in ${file} need ${needed.join(' x ')}; annotate a larger box, or choose smaller crops.`,
      );
  }
}

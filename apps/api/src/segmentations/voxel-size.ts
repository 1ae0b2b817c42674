import type { Warning } from './record.ts';

type Triple = readonly [number, number, number];

/** A network sees structures of the size it was trained on; within this factor it has seen them. */
const FAR = 1.5;

/** What there is to say of a volume's voxel size beside that of the model's training data; nothing when they agree. */
export function compareVoxelSize(volume: Triple | undefined, model: Triple | undefined): Warning | undefined {
  if (model === undefined) return undefined;
  const nm = (size: Triple) => `${size.join(' x ')} nm`;
  if (volume === undefined)
    return {
      code: 'voxel-size-unknown',
      detail: `The volume does not say its voxel size, and the model was trained at ${nm(model)} (z, y, x); give voxelSize to have it compared.`,
    };
  const far = volume.some((size, axis) => {
    const ratio = size / (model[axis] ?? size);
    return ratio > FAR || ratio < 1 / FAR;
  });
  if (!far) return undefined;
  return {
    code: 'voxel-size-far',
    detail: `The voxel size is ${nm(volume)} (z, y, x), more than ${FAR} times away from the ${nm(model)} that the model was trained at; resample the volume, or use a model for its resolution.`,
  };
}

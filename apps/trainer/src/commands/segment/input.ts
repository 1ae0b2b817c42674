import { openVolume, volumeFromArray, type Volume } from '@tokenunify/em-io';
import { CommandError } from '../../errors.ts';
import { parseBox } from '../../sampling/box.ts';
import type { SegmentCommand } from './options.ts';

/**
 * The volume to segment, or a box of one as a volume of its own: nothing outside the box has a say.
 *
 * @throws CommandError `trainer/data` for a dtype that needs --raw-range; EmIoError
 */
export async function openInput(
  location: string,
  { box, dataset, rawRange }: Pick<SegmentCommand, 'box' | 'dataset' | 'rawRange'>,
  signal: AbortSignal,
): Promise<Volume> {
  const volume = await openVolume(location, { signal, ...(dataset !== undefined && { dataset }) });
  let keep = false;
  try {
    needsRawRange(volume, location, rawRange);
    if (box === undefined) {
      keep = true;
      return volume;
    }
    const { voxelSize } = volume;
    const array = await volume.read(parseBox(box, volume.shape), { signal });
    return volumeFromArray(array, { location, ...(voxelSize && { voxelSize }) });
  } finally {
    if (!keep) await volume.close();
  }
}

/** @throws CommandError `trainer/data` for voxels of which nobody says which are black and white */
export function needsRawRange(
  { dtype }: Volume,
  location: string,
  rawRange: readonly [number, number] | undefined,
): void {
  if (dtype === 'uint8' || rawRange) return;
  throw new CommandError(
    'trainer/data',
    `${location} is ${dtype}, but grey values are uint8 here; say with --raw-range LOW,HIGH which values are black and white, or convert it.`,
  );
}

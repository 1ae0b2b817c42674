import { openVolume, volumeFromArray, type Volume } from '@tokenunify/em-io';
import { CommandError } from '../../errors.ts';
import { parseBox } from '../../sampling/box.ts';

/**
 * The volume to segment, or a box of one as a volume of its own: nothing outside the box has a say.
 *
 * @throws CommandError `trainer/data` for a dtype that needs --raw-range; EmIoError
 */
export async function openInput(
  location: string,
  { box, rawRange }: { readonly box?: string; readonly rawRange?: readonly [number, number] },
  signal: AbortSignal,
): Promise<Volume> {
  const volume = await openVolume(location, { signal });
  let keep = false;
  try {
    if (volume.dtype !== 'uint8' && !rawRange)
      throw new CommandError(
        'trainer/data',
        `${location} is ${volume.dtype}, but grey values are uint8 here; say with --raw-range LOW,HIGH which values are black and white, or convert it.`,
      );
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

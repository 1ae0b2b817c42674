import { rm, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { createVolume, wholeBox, type NdArray, type Vec3 } from '@tokenunify/em-io';
import { CommandError } from '../../errors.ts';

/**
 * Refuses an output that cannot be written, before there is anything to write.
 *
 * @throws CommandError `trainer/usage`
 */
export async function checkOutput(
  location: string,
  { overwrite, besides }: { readonly overwrite: boolean; readonly besides?: string },
): Promise<void> {
  const refuse = (message: string) => {
    throw new CommandError('trainer/usage', message);
  };
  if (!['.zarr', '.npy'].includes(extname(location).toLowerCase()))
    refuse(`Cannot tell how to write ${location}; end its name in .zarr or .npy.`);
  if (besides !== undefined && resolve(besides) === resolve(location))
    refuse(`Labels and affinities would both be ${location}; name two places.`);
  if (!overwrite && (await exists(location)))
    refuse(`${location} exists already; choose another name or pass --overwrite.`);
  if (!(await exists(dirname(resolve(location)))))
    refuse(`The directory of ${location} does not exist; make it first.`);
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

export interface SaveOptions {
  readonly overwrite: boolean;
  readonly voxelSize?: Vec3;
}

/** Writes a whole array, [z, y, x] or [c, z, y, x]; the extension picks the format. Complete, or not there. */
export async function saveVolume(location: string, array: NdArray, options: SaveOptions): Promise<void> {
  const [z, y, x] = array.shape.slice(-3) as [number, number, number]; // three or four axes, see above
  const shape: Vec3 = [z, y, x];
  const channels = array.shape.length === 4 ? array.shape[0]! : undefined;
  const volume = await createVolume(location, {
    ...options,
    shape,
    dtype: array.dtype,
    ...(channels !== undefined && { channels }),
  });
  try {
    await volume.write(wholeBox(shape), array);
    await volume.close();
  } catch (error) {
    await volume[Symbol.asyncDispose]();
    // a Zarr array is there from the start, and would read as zeros where nothing was written
    await rm(volume.location, { recursive: true, force: true });
    throw error;
  }
}

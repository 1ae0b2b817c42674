import {
  boxShape,
  openVolume,
  toUint32,
  wholeBox,
  type Box,
  type Vec3,
  type Volume,
} from '@tokenunify/em-io';
import { CommandError } from '../errors.ts';
import { parseBox } from './box.ts';
import type { Block } from './crops.ts';

export interface BlockLocation {
  readonly raw: string;
  readonly labels?: string;
  /** `z0:z1,y0:y1,x0:x1`, or as numbers; the whole volume when absent. */
  readonly box?: string | Box;
  /** What messages call it; `raw` unless given. */
  readonly name?: string;
}

export interface LoadedBlock extends Block {
  /** What `openVolume` opens. */
  readonly location: string;
  /** Where in the volume it lies, and the volume's shape. */
  readonly box: Box;
  readonly volumeShape: Vec3;
  readonly voxelSize?: readonly [number, number, number];
}

export interface LabelledBlock extends LoadedBlock {
  readonly labels: Uint32Array;
}

/**
 * Reads a box of a volume (and of its labels) into memory.
 *
 * @throws CommandError `trainer/data` for what cannot be trained on or scored, `trainer/usage` for a box outside;
 *   EmIoError for what cannot be read; the signal's reason
 */
export async function loadBlock(
  location: BlockLocation & { readonly labels: string },
  signal?: AbortSignal,
): Promise<LabelledBlock>;
export async function loadBlock(location: BlockLocation, signal?: AbortSignal): Promise<LoadedBlock>;
export async function loadBlock(
  { raw, labels, box: where, name = raw }: BlockLocation,
  signal?: AbortSignal,
): Promise<LoadedBlock> {
  const options = signal ? { signal } : {};
  return reading(raw, async (volume) => {
    checkAxes(volume, raw);
    const box =
      where === undefined
        ? wholeBox(volume.shape)
        : typeof where === 'string'
          ? parseBox(where, volume.shape)
          : where;
    if (volume.dtype !== 'uint8')
      throw new CommandError(
        'trainer/data',
        `${raw} has dtype ${volume.dtype}, but grey values are uint8 here; convert it first.`,
      );
    const { data } = await volume.read(box, options);
    return {
      source: name,
      location: raw,
      shape: boxShape(box),
      box,
      volumeShape: volume.shape,
      raw: data as Uint8Array, // its dtype was checked
      ...(volume.voxelSize && { voxelSize: volume.voxelSize }),
      ...(labels !== undefined && { labels: await readLabels(labels, volume, box, options) }),
    };
  });
}

function readLabels(
  source: string,
  raw: Volume,
  box: Box,
  options: { readonly signal?: AbortSignal },
): Promise<Uint32Array> {
  return reading(source, async (volume) => {
    checkAxes(volume, source);
    if (String(volume.shape) !== String(raw.shape))
      throw new CommandError(
        'trainer/data',
        `${source} has shape [${volume.shape.join(', ')}], ${raw.location} has [${raw.shape.join(', ')}]; labels must cover the raw volume voxel by voxel.`,
      );
    return toUint32(await volume.read(box, options), source);
  });
}

function checkAxes({ channels, shape }: Volume, source: string): void {
  if (channels !== undefined)
    throw new CommandError(
      'trainer/data',
      `${source} has ${channels} channels, but a volume with the axes (z, y, x) is needed; write one channel on its own.`,
    );
  if (shape.includes(0))
    throw new CommandError(
      'trainer/data',
      `${source} has shape [${shape.join(', ')}] and no voxels; name another volume.`,
    );
}

async function reading<T>(location: string, use: (volume: Volume) => Promise<T>): Promise<T> {
  const volume = await openVolume(location);
  try {
    return await use(volume);
  } finally {
    await volume.close();
  }
}

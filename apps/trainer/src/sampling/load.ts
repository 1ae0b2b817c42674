import { boxShape, openVolume, wholeBox, type Volume } from '@tokenunify/em-io';
import { CommandError } from '../errors.ts';
import { parseBox } from './box.ts';
import type { Block } from './crops.ts';

export interface BlockLocation {
  readonly raw: string;
  readonly labels?: string;
  /** `z0:z1,y0:y1,x0:x1`; the whole volume when absent. */
  readonly box?: string;
}

export interface LoadedBlock extends Block {
  readonly voxelSize?: readonly [number, number, number];
}

/** Reads a box of a volume (and of its labels) into memory. */
export async function loadBlock(location: BlockLocation, signal?: AbortSignal): Promise<LoadedBlock> {
  const options = signal ? { signal } : {};
  const raw = await reading(location.raw, async (volume) => {
    if (volume.dtype !== 'uint8')
      throw new CommandError(
        'trainer/data',
        `${location.raw} has dtype ${volume.dtype}; training reads uint8 grey values, so convert it first.`,
      );
    const box = location.box === undefined ? wholeBox(volume.shape) : parseBox(location.box, volume.shape);
    const data = (await volume.read(box, options)).data as Uint8Array; // its dtype was checked
    return { box, data, shape: volume.shape, voxelSize: volume.voxelSize };
  });
  const block = {
    source: location.raw,
    shape: boxShape(raw.box),
    raw: raw.data,
    ...(raw.voxelSize ? { voxelSize: raw.voxelSize } : {}),
  };
  if (location.labels === undefined) return block;
  const source = location.labels;
  const labels = await reading(source, async (volume) => {
    if (String(volume.shape) !== String(raw.shape))
      throw new CommandError(
        'trainer/data',
        `${source} has shape [${volume.shape}], ${location.raw} has [${raw.shape}]; labels must cover the raw volume voxel by voxel.`,
      );
    return toIds((await volume.read(raw.box, options)).data, source);
  });
  return { ...block, labels };
}

/** Ids as uint32; larger ones are refused rather than wrapped. */
function toIds(data: ArrayLike<number | bigint>, source: string): Uint32Array {
  if (data instanceof Uint32Array) return data;
  if (data instanceof Float32Array || data instanceof Float64Array)
    throw new CommandError('trainer/data', `${source} holds floating-point numbers; labels are integer ids.`);
  const ids = new Uint32Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const id = Number(data[i]);
    if (id < 0 || id > 0xffffffff)
      throw new CommandError(
        'trainer/data',
        `${source} holds the id ${data[i]}; ids must be in [0, 2^32), so relabel it first.`,
      );
    ids[i] = id;
  }
  return ids;
}

async function reading<T>(location: string, use: (volume: Volume) => Promise<T>): Promise<T> {
  const volume = await openVolume(location);
  try {
    return await use(volume);
  } finally {
    await volume.close();
  }
}

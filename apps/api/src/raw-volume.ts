import { decodeNpy, isEmIoError, type NdArray } from '@tokenunify/em-io';
import { setImmediate } from 'node:timers/promises';
import { ApiProblem } from './problem.ts';

export interface VolumeLimits {
  readonly maxVoxels: number;
  readonly minimumShape: readonly number[];
}

const AXES = ['z', 'y', 'x'] as const;
/** Voxels checked between two turns of the event loop, about a millisecond's worth. */
const SLICE = 2 ** 20;

/**
 * The volume in a body, checked to be one that can be segmented.
 *
 * @returns [z, y, x], uint8, or float32 with values from 0 to 255
 * @throws ApiProblem 400 for what is not an npy file, 413 and 422 for one that holds something else
 */
export async function readRawVolume(bytes: Uint8Array, limits: VolumeLimits): Promise<NdArray> {
  const array = decode(bytes);
  checkShape(array.shape, limits);
  if (array.dtype === 'uint8') return array;
  if (array.dtype !== 'float32') throw unsupportedDtype(array.dtype);
  await checkGreyValues(array);
  return array;
}

function decode(bytes: Uint8Array): NdArray {
  try {
    return decodeNpy(bytes, { name: 'The body' });
  } catch (cause) {
    if (!isEmIoError(cause)) throw cause;
    const options = { field: 'body', cause };
    if (cause.code === 'em-io/dtype-unsupported')
      throw new ApiProblem('unsupported-dtype', cause.message, options);
    if (cause.code === 'em-io/truncated') throw new ApiProblem('npy-truncated', cause.message, options);
    if (cause.code === 'em-io/length-mismatch') throw new ApiProblem('npy-trailing', cause.message, options);
    throw new ApiProblem('npy-invalid', whatElse(bytes) ?? cause.message, options);
  }
}

const READS_OTHERS =
  'segment the file with `npx tokenunify segment`, or send one array of it written by numpy.save';

/** A file of another format that people do send is called by its name. */
function whatElse(bytes: Uint8Array): string | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, 520));
  // an HDF5 file may begin with a user block of 512 bytes
  const format =
    text.startsWith('\x89HDF') || text.startsWith('\x89HDF', 512)
      ? 'an HDF5 file'
      : text.startsWith('PK')
        ? 'a zip archive, as npz and packed Zarr are'
        : /^\s*\{\s*"zarr_format"/.test(text)
          ? 'part of a Zarr array'
          : undefined;
  return format && `The body is ${format}, and only npy is read here; ${READS_OTHERS}.`;
}

function checkShape(shape: readonly number[], { maxVoxels, minimumShape }: VolumeLimits): void {
  const text = `[${shape.join(', ')}]`;
  const refuse = (
    code: 'wrong-axes' | 'empty-volume' | 'volume-too-large' | 'volume-too-small',
    detail: string,
    limit: unknown,
  ) => {
    throw new ApiProblem(code, detail, { field: 'body.shape', value: shape, limit });
  };
  if (shape.length !== 3) {
    refuse(
      'wrong-axes',
      `The array has shape ${text}, which is ${shape.length} axes; send 3, [z, y, x], without channels or a batch axis.`,
      3,
    );
  }
  const voxels = shape.reduce((a, b) => a * b, 1);
  if (voxels === 0)
    refuse('empty-volume', `The volume has shape ${text} and no voxels; send at least one on every axis.`, 1);
  if (voxels > maxVoxels) {
    refuse(
      'volume-too-large',
      `The volume has shape ${text}, ${voxels} voxels, the limit is ${maxVoxels}; cut it into smaller ones, or raise the server's limit.`,
      maxVoxels,
    );
  }
  for (const [axis, name] of AXES.entries()) {
    const [size, least] = [shape[axis] ?? 0, minimumShape[axis] ?? 1];
    if (size >= least) continue;
    refuse(
      'volume-too-small',
      `The volume has shape ${text}, ${size} voxels along ${name}, and the model needs at least [${minimumShape.join(', ')}]; send a larger volume.`,
      minimumShape,
    );
  }
}

const unsupportedDtype = (dtype: string): ApiProblem =>
  new ApiProblem(
    'unsupported-dtype',
    `The voxels are ${dtype}; send uint8, or float32 with grey values from 0 to 255 (rescale 16-bit images first).`,
    { field: 'body.dtype', value: dtype, limit: ['uint8', 'float32'] },
  );

async function checkGreyValues({ data, shape }: NdArray): Promise<void> {
  for (let start = 0; start < data.length; start += SLICE) {
    const bad = firstBad(data, start, Math.min(start + SLICE, data.length));
    if (bad >= 0) throw badVoxel(Number(data[bad]), bad, shape);
    await setImmediate();
  }
}

function firstBad(data: NdArray['data'], start: number, stop: number): number {
  for (let i = start; i < stop; i++) {
    const value = data[i] ?? NaN;
    if (!(value >= 0 && value <= 255)) return i;
  }
  return -1;
}

function badVoxel(value: number, index: number, shape: readonly number[]): ApiProblem {
  const [height, width] = [shape[1] ?? 1, shape[2] ?? 1];
  const at = [Math.floor(index / (height * width)), Math.floor(index / width) % height, index % width];
  const options = { field: `body[${at.join(', ')}]`, value: String(value) };
  return Number.isFinite(value)
    ? new ApiProblem(
        'voxel-out-of-range',
        `The voxel at [${at.join(', ')}] is ${value}, outside 0 to 255; rescale the volume to grey values.`,
        { ...options, limit: [0, 255] },
      )
    : new ApiProblem(
        'voxel-not-finite',
        `The voxel at [${at.join(', ')}] is ${value}; replace values that are not finite, as with the mean of their neighbours.`,
        options,
      );
}

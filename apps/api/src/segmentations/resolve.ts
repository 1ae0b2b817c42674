import { elementCount, itemSize, type Box, type Vec3, type Volume } from '@tokenunify/em-io';
import {
  countTasks,
  defaultCell,
  isSegmentationError,
  resolveSpec,
  taskMemory,
  type PostProcessing,
} from '@tokenunify/segmentation';
import type { ModelPackage } from '@tokenunify/model';
import { ApiProblem } from '../problem.ts';
import { withOverrides } from '../segmenter/postprocessing.ts';
import { openInput, type InputSources } from './input.ts';
import type { JobRecord, StoredSpec, Warning } from './record.ts';
import type { NewSegmentation, Relabel } from './types.ts';
import { compareVoxelSize } from './voxel-size.ts';

/** What of a request decides the result, and what there is to say about it. */
export interface Resolved {
  readonly spec: StoredSpec;
  readonly voxelSize?: readonly [number, number, number];
  readonly warnings: readonly Warning[];
}

export interface ResolveOptions {
  readonly sources: InputSources;
  readonly model: ModelPackage;
  readonly maxVoxels: number;
  /** Bytes that a job may take. */
  readonly memoryLimit: number;
  readonly blockSide?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Opens the volume of a request and checks everything that can be checked before work begins.
 *
 * @throws ApiProblem, as `Segmentations.create` lists them
 */
export async function resolveRequest(request: NewSegmentation, options: ResolveOptions): Promise<Resolved> {
  const { model, maxVoxels, sources, blockSide, signal } = options;
  const volume = await openInput(request.input, sources, signal);
  try {
    const box = boxOf(request, volume);
    checkVoxels(request, volume);
    const voxels = elementCount(box.stop.map((stop, axis) => stop - (box.start[axis] ?? 0)));
    if (voxels > maxVoxels)
      throw new ApiProblem(
        'volume-too-large',
        `There are ${voxels} voxels to segment, the limit is ${maxVoxels}; give a smaller box, or raise the server's limit.`,
        { field: request.box ? 'body.box' : 'body.input', value: voxels, limit: maxVoxels },
      );
    const spec = specOf(request, { shape: volume.shape, box }, model, blockSide);
    checkSpec(spec);
    checkCell(spec, options.memoryLimit);
    checkChunk(volume, options.memoryLimit);
    const voxelSize = request.voxelSize ?? volume.voxelSize;
    const warning = compareVoxelSize(voxelSize, model.voxelSize);
    if (warning?.code === 'voxel-size-far' && request.voxelSizeCheck === 'refuse')
      throw new ApiProblem('voxel-size-far', warning.detail, {
        field: 'body.voxelSizeCheck',
        value: voxelSize,
        limit: model.voxelSize,
      });
    return { spec, ...(voxelSize && { voxelSize }), warnings: warning ? [warning] : [] };
  } finally {
    await volume.close();
  }
}

/**
 * The spec of the same request for another version, of a volume that is known already.
 *
 * @throws ApiProblem what this version cannot do of it
 */
export function resolveShadow(
  request: NewSegmentation,
  { shape, box }: Pick<StoredSpec, 'shape' | 'box'>,
  { model, blockSide, memoryLimit }: Pick<ResolveOptions, 'model' | 'blockSide' | 'memoryLimit'>,
): StoredSpec {
  const spec = specOf(request, { shape, box }, model, blockSide);
  checkSpec(spec);
  checkCell(spec, memoryLimit);
  return spec;
}

/** The spec of a job that agglomerates another's fragments again. */
export function resolveRelabel(request: Relabel, parent: JobRecord): StoredSpec {
  const postprocessing = withOverrides(parent.spec.postprocessing, request);
  const spec: StoredSpec = { ...parent.spec, postprocessing };
  checkSpec(spec);
  return spec;
}

function specOf(
  request: NewSegmentation,
  { shape, box }: Pick<StoredSpec, 'shape' | 'box'>,
  model: ModelPackage,
  blockSide: number | undefined,
): StoredSpec {
  const postprocessing = withOverrides(model.postprocessing, request.postprocessing ?? {});
  return {
    shape,
    box,
    tileShape: model.tileShape,
    minimumShape: model.minimumShape,
    inputScale: model.inputScale,
    ...(request.rawRange && { rawRange: request.rawRange }),
    postprocessing,
    ...(blockSide !== undefined && { block: blockOf(blockSide, postprocessing) }),
    input: `${JSON.stringify(request.input)} ${model.digest}`,
  };
}

function boxOf({ box }: NewSegmentation, { shape }: Volume): Box {
  if (box === undefined) return { start: [0, 0, 0], stop: shape };
  const inside = box.start.every((from, axis) => {
    const to = box.stop[axis] ?? 0;
    return from < to && to <= (shape[axis] ?? 0);
  });
  if (inside) return box;
  throw new ApiProblem(
    'box-outside',
    `The box from ${box.start.join(', ')} to ${box.stop.join(', ')} (z, y, x) is empty or leaves the volume, which is ${shape.join(' x ')}; choose it inside.`,
    { field: 'body.box', value: box, limit: shape },
  );
}

/** As many whole cells as fit. */
function blockOf(side: number, { watershed: { cell = defaultCell } }: PostProcessing): Vec3 {
  const along = (axis: 0 | 1 | 2) => Math.max(1, Math.floor(side / cell[axis])) * cell[axis];
  return [along(0), along(1), along(2)];
}

/** In the API's words: fields have other names here than in the library. */
function checkVoxels({ rawRange }: NewSegmentation, { dtype, channels, shape }: Volume): void {
  const field = 'body.input';
  if (channels !== undefined)
    throw new ApiProblem(
      'wrong-axes',
      `The volume has ${channels} channels; raw data has the axes (z, y, x): name an array of one channel.`,
      { field },
    );
  if (shape.includes(0))
    throw new ApiProblem(
      'empty-volume',
      `The volume has the shape ${shape.join(' x ')}; send one with voxels.`,
      {
        field,
        value: shape,
      },
    );
  if (dtype !== 'uint8' && rawRange === undefined)
    throw new ApiProblem(
      'unsupported-dtype',
      `The voxels are ${dtype}; send uint8, or say with rawRange which values are black and white.`,
      { field: 'body.rawRange', value: dtype, limit: 'uint8' },
    );
  if (rawRange && !(rawRange[1] > rawRange[0] && Number.isFinite(rawRange[1] - rawRange[0])))
    throw new ApiProblem(
      'invalid-body',
      `rawRange is ${rawRange.join(', ')}; give the value of black first, and a larger one for white.`,
      { field: 'body.rawRange', value: rawRange },
    );
}

/** The smallest piece of work must fit. */
function checkCell(spec: StoredSpec, limit: number): void {
  const task = taskMemory({ spec: resolveSpec(spec) });
  if (task > limit)
    throw new ApiProblem(
      'invalid-postprocessing',
      `A cell with its halo would take ${task} bytes, the limit of a job is ${limit}; give a smaller postprocessing.cell, or raise the server's limit.`,
      { field: 'body.postprocessing.cell', value: spec.postprocessing.watershed.cell, limit },
    );
}

/** The largest piece that is read must fit. */
function checkChunk({ chunkShape, dtype }: Volume, limit: number): void {
  // as it is stored and as it is read
  const chunk = chunkShape === undefined ? 0 : 2 * elementCount(chunkShape) * itemSize(dtype);
  if (chunk > limit)
    throw new ApiProblem(
      'volume-unreadable',
      `The volume has chunks of ${chunkShape?.join(' x ')} ${dtype}, which take ${chunk} bytes to read, the limit of a job is ${limit}; store it in smaller chunks.`,
      { field: 'body.input', value: chunkShape, limit },
    );
}

/** A plan of so many tasks takes 0.2 GB and a second or two to make. */
const MOST_TASKS = 100_000;
/** Along one axis: weights of tiles are kept for each position. */
const MOST_SIDE = 2 ** 22;

function checkSpec(spec: StoredSpec): void {
  const field = 'body.input';
  try {
    const tasks = countTasks(spec);
    if (tasks > MOST_TASKS || spec.shape.some((side) => side > MOST_SIDE))
      throw new ApiProblem(
        'volume-too-large',
        `The volume is ${spec.shape.join(' x ')} and would take about ${tasks} tasks, the limits are ${MOST_SIDE} voxels a side and ${MOST_TASKS} tasks; give a smaller box, or cut it into volumes.`,
        { field, value: spec.shape, limit: { side: MOST_SIDE, tasks: MOST_TASKS } },
      );
  } catch (error) {
    if (isSegmentationError(error, 'segmentation/too-small'))
      throw new ApiProblem('volume-too-small', error.message, {
        field,
        value: spec.shape,
        limit: spec.minimumShape,
        cause: error,
      });
    if (isSegmentationError(error))
      throw new ApiProblem('invalid-postprocessing', error.message, {
        field: 'body.postprocessing',
        cause: error,
      });
    throw error;
  }
}

import type { Box, Vec3 } from '@tokenunify/em-io';
import { wholeBox } from '@tokenunify/em-io';
import { parsePostProcessing, type PostProcessing } from '../chain/index.ts';
import { SegmentationError } from '../errors.ts';
import { defaultCell, defaultHalo } from '../fragments/index.ts';
import { voxelCount } from '../shape.ts';
import type { InputScale, RawRange } from '../tiles/index.ts';

/** Everything the labels of a job depend on, as plain JSON. */
export interface JobSpec {
  /** Voxels of the raw volume, (z, y, x). */
  readonly shape: Vec3;
  /** Part of the volume to segment. Affinities do not depend on it; everything after them sees the box alone. Default: all. */
  readonly box?: Box;
  /** The model's tile. */
  readonly tileShape: Vec3;
  /** Share of a tile that overlaps its neighbour. Default 0.25. */
  readonly overlap?: number;
  /** Smallest volume the model takes. Default one voxel. */
  readonly minimumShape?: Vec3;
  /** Default: 0 .. 255 becomes 0 .. 1. */
  readonly inputScale?: InputScale;
  /** Needed for volumes that are not uint8; null is as good as none. */
  readonly rawRange?: RawRange | null;
  readonly postprocessing: PostProcessing;
  /** One unit of work, whole cells. Not part of the result. Default: one cell, or several small ones up to about 128 voxels a side. */
  readonly block?: Vec3;
  /** Most tiles inferred in one task, a run along x. Default 8. */
  readonly tilesPerTask?: number;
  /** What volume and model are, as the caller knows them (digests): jobs that differ here share no artefact. Default ''. */
  readonly input?: string;
}

/** A spec with every default written out. */
export type ResolvedSpec = Required<Omit<JobSpec, 'rawRange'>> & {
  readonly rawRange: RawRange | null;
  readonly cell: Vec3;
  readonly halo: Vec3;
};

const axes = [0, 1, 2] as const;

/**
 * Checks a spec field by field and writes its defaults out.
 *
 * @throws {SegmentationError} `segmentation/bad-option`, `bad-shape` or `too-small`, naming the field
 */
export function resolveSpec(spec: JobSpec): ResolvedSpec {
  const { shape, tileShape, overlap = 0.25, minimumShape = [1, 1, 1] } = spec;
  const { inputScale = { offset: 0, scale: 1 / 255 }, tilesPerTask = 8, input = '' } = spec;
  for (const [field, value] of Object.entries({ shape, tileShape, minimumShape })) checkSides(field, value);
  if (!Number.isSafeInteger(shape[0] * shape[1] * shape[2]))
    refuse('shape', shape, 'must have fewer than 2^53 voxels: segment a box of it as a volume of its own');
  const small = axes.find((d) => shape[d] < minimumShape[d]);
  if (small !== undefined)
    throw new SegmentationError(
      'segmentation/too-small',
      `The volume has ${shape[small]} voxels along ${'zyx'[small]}, but this model needs at least ${minimumShape[small]} (one token): pass a larger volume.`,
    );
  if (!(overlap >= 0 && overlap <= 0.9)) refuse('overlap', overlap, 'must lie between 0 and 0.9 of a tile');
  const { offset, scale } = inputScale;
  if (!(Number.isFinite(offset) && Number.isFinite(scale)))
    refuse('inputScale', inputScale, 'must be two finite numbers, offset and scale');
  const rawRange = spec.rawRange ?? null;
  if (rawRange && !(rawRange[1] > rawRange[0] && Number.isFinite(rawRange[1] - rawRange[0])))
    refuse('rawRange', rawRange, 'must be two numbers, the lower first');
  if (!(Number.isSafeInteger(tilesPerTask) && tilesPerTask > 0))
    refuse('tilesPerTask', tilesPerTask, 'must be a whole number of 1 or more');
  const box = spec.box ?? wholeBox(shape);
  checkBox(box, shape);
  const postprocessing = parsePostProcessing(spec.postprocessing);
  const { cell = defaultCell, halo = defaultHalo } = postprocessing.watershed;
  const block = spec.block ?? defaultBlock(cell);
  checkSides('block', block);
  if (axes.some((d) => block[d] % cell[d] !== 0))
    refuse('block', block, `must be whole cells, multiples of ${cell.join(' x ')}`);
  const extent = axes.map((d) => Math.min(block[d] + 2 * halo[d], box.stop[d] - box.start[d]));
  voxelCount([extent[0], extent[1], extent[2]]); // a block and its halo are held in one piece
  return {
    ...{ shape, box, tileShape, overlap, minimumShape, inputScale, rawRange, postprocessing },
    ...{ block, tilesPerTask, input, cell, halo },
  };
}

/** Several small cells, up to about 128 voxels along an axis; one large one. */
function defaultBlock(cell: Vec3): Vec3 {
  const side = (d: 0 | 1 | 2) => Math.max(1, Math.floor(128 / cell[d])) * cell[d];
  return [side(0), side(1), side(2)];
}

function checkSides(field: string, value: Vec3): void {
  const ok =
    Array.isArray(value) && value.length === 3 && value.every((n) => Number.isSafeInteger(n) && n > 0);
  if (!ok) refuse(field, value, 'must be three whole numbers of voxels (z, y, x) of 1 or more');
}

function checkBox(box: Box, shape: Vec3): void {
  const { start, stop } = box;
  const ok = axes.every(
    (d) =>
      Number.isSafeInteger(start[d]) &&
      Number.isSafeInteger(stop[d]) &&
      start[d] >= 0 &&
      start[d] < stop[d] &&
      stop[d] <= shape[d],
  );
  if (!ok) refuse('box', box, `must hold voxels of the volume, which is ${shape.join(' x ')}`);
}

function refuse(field: string, value: unknown, must: string): never {
  throw new SegmentationError(
    'segmentation/bad-option',
    `${field} is ${JSON.stringify(value)}, but it ${must}.`,
  );
}

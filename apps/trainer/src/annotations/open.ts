import {
  boxShape,
  openVolume,
  wholeBox,
  type Box,
  type HttpOptions,
  type Vec3,
  type Volume,
} from '@tokenunify/em-io';
import { parseBox } from '../sampling/box.ts';
import { manifestProblem } from './problem.ts';

/** Where an annotation is; `box` as ranges or resolved, the whole volume when absent. */
export interface AnnotationPlace {
  readonly raw: string;
  readonly labels: string;
  readonly box?: string | Box;
}

export interface OpenAnnotation {
  readonly raw: Volume;
  readonly labels: Volume;
  readonly box: Box;
}

/** For volumes on the web, and to give up. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
  readonly http?: HttpOptions;
}

/**
 * Opens the volumes of an annotation, checks all that shows without reading a voxel, and closes them when `use` is done.
 *
 * @throws CommandError `trainer/manifest` for what cannot be trained on or scored, `trainer/usage` for a box outside;
 *   EmIoError for what cannot be read; the signal's reason
 */
export async function withAnnotation<T>(
  place: AnnotationPlace,
  options: ReadOptions,
  use: (open: OpenAnnotation) => Promise<T>,
): Promise<T> {
  return opened(place.raw, options, (raw) =>
    opened(place.labels, options, async (labels) => {
      checkGreyValues(raw);
      checkLabels(labels, raw);
      return use({ raw, labels, box: boxIn(raw, place.box) });
    }),
  );
}

/** Opens one volume for `use`, and closes it. */
export async function opened<T>(
  location: string,
  { signal, http }: ReadOptions,
  use: (volume: Volume) => Promise<T>,
): Promise<T> {
  const volume = await openVolume(location, { ...http, ...(signal && { signal }) });
  try {
    return await use(volume);
  } finally {
    await volume.close();
  }
}

export const voxelsOf = (box: Box): number => {
  const [z, y, x] = boxShape(box);
  return z * y * x;
};

function boxIn(raw: Volume, box: string | Box | undefined): Box {
  if (box === undefined) return wholeBox(raw.shape);
  return typeof box === 'string' ? parseBox(box, raw.shape) : parseBox(ranges(box), raw.shape);
}

/** A resolved box as the manifest writes it: `0:64,0:128,0:128`. */
export const ranges = ({ start, stop }: Box): string =>
  start.map((from, axis) => `${from}:${stop[axis]}`).join(',');

const refuse = (why: string): never => {
  throw manifestProblem(why);
};

function checkGreyValues(raw: Volume): void {
  checkAxes(raw);
  if (raw.dtype !== 'uint8')
    refuse(
      `${raw.location} has dtype ${raw.dtype}, but raw volumes of annotations are uint8; convert it first.`,
    );
}

function checkLabels(labels: Volume, raw: Volume): void {
  checkAxes(labels);
  if (!/^u?int\d+$/.test(labels.dtype))
    refuse(
      `${labels.location} has dtype ${labels.dtype}, but labels are integers; convert it, e.g. to uint32.`,
    );
  if (String(labels.shape) !== String(raw.shape))
    refuse(
      `${labels.location} has shape ${said(labels.shape)}, ${raw.location} has ${said(raw.shape)}; labels must cover the raw volume voxel by voxel, so pad or cut one of them.`,
    );
}

function checkAxes({ channels, shape, location }: Volume): void {
  if (channels !== undefined)
    refuse(
      `${location} has ${channels} channels, but the axes (z, y, x) are needed; write one channel on its own.`,
    );
  if (shape.includes(0)) refuse(`${location} has shape ${said(shape)} and no voxels; name another volume.`);
}

const said = (shape: Vec3): string => `[${shape.join(', ')}]`;

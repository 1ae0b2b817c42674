/**
 * What a model was trained on must not judge it. Two boxes share voxels when they lie in the same volume and intersect;
 * or in two volumes that hold the same voxels there: a converted copy, a link inside a file, a second address.
 * What this cannot see: a copy that was cut to another shape and labelled in another box, or that was resampled.
 */
import { intersectBoxes, type Box, type Volume } from '@tokenunify/em-io';
import type { AnnotationDigest } from './digest.ts';
import { opened, ranges, type ReadOptions } from './open.ts';
import { pieces } from './pieces.ts';
import { entryProblem, ofEntry, type Place } from './problem.ts';
import type { Annotation } from './types.ts';

/** An entry and what shows of it without reading voxels. */
export interface Found extends Place {
  readonly raw: string;
  /** Which array the raw volume is: `identityOf`. */
  readonly rawId: string;
  readonly labelsId: string;
  readonly shape: readonly number[];
  readonly annotation: Annotation;
}

/** The voxels that two entries share because they lie in the same volume. */
export function sharedBox(a: Pick<Found, 'rawId' | 'annotation'>, b: Pick<Found, 'rawId' | 'annotation'>) {
  return a.rawId === b.rawId ? intersectBoxes(a.annotation.box, b.annotation.box) : undefined;
}

/**
 * Refuses entries that are there twice, and train and held-out boxes that share voxels of one volume.
 * @throws CommandError `trainer/manifest`, naming the later of the two entries
 */
export function checkPlaces(entries: readonly Found[]): void {
  for (const [earlier, later] of pairs(entries)) {
    const shared = sharedBox(earlier, later);
    if (shared && opposite(earlier, later)) throw leak(later, earlier, shared);
    const twice =
      shared !== undefined &&
      earlier.labelsId === later.labelsId &&
      ranges(earlier.annotation.box) === ranges(later.annotation.box);
    if (twice)
      throw entryProblem(
        later,
        `is entry ${earlier.number} again, with the same raw volume, labels and box; remove one of them.`,
      );
  }
}

/**
 * The same by content, once the checksums are known: copies.
 * @throws CommandError `trainer/manifest`, naming the later of the two entries; the signal's reason
 */
export async function checkCopies(
  entries: readonly Found[],
  digests: readonly AnnotationDigest[],
  options: ReadOptions = {},
): Promise<void> {
  const digestOf = (found: Found) => digests[found.number - 1]!;
  for (const [earlier, later] of pairs(entries)) {
    if (!opposite(earlier, later)) {
      if (digestOf(earlier).sha256 === digestOf(later).sha256)
        throw entryProblem(
          later,
          `holds the voxels and labels of entry ${earlier.number} (${earlier.raw}) again; remove one of them.`,
        );
    } else if (
      digestOf(earlier).raw === digestOf(later).raw ||
      (await sameVoxelsWhereTheyMeet(earlier, later, options))
    )
      throw copied(later, earlier);
  }
}

const opposite = (a: Found, b: Found): boolean => a.annotation.split !== b.annotation.split;

const leak = (later: Found, earlier: Found, shared: Box) =>
  entryProblem(
    later,
    `is ${later.annotation.split} with the box ${ranges(later.annotation.box)}, which shares the voxels ${ranges(shared)} with the ${earlier.annotation.split} box of entry ${earlier.number} (${earlier.raw}); a model must not be compared on what it was trained on, so move or remove one of the boxes.`,
  );

const copied = (later: Found, earlier: Found) =>
  entryProblem(
    later,
    `is ${later.annotation.split} and holds the same raw voxels as the ${earlier.annotation.split} box of entry ${earlier.number} (${earlier.raw}), of which it is a copy; a model must not be compared on what it was trained on, so remove one of the two.`,
  );

function* pairs(entries: readonly Found[]): Generator<readonly [Found, Found], void> {
  for (const [i, later] of entries.entries())
    for (const earlier of entries.slice(0, i)) yield [earlier, later];
}

/** Most volumes differ in the first rows already: the first look is a short one, and most end with it. */
const lookBytes = 2 ** 16;
const compareBytes = 2 ** 22;

async function sameVoxelsWhereTheyMeet(a: Found, b: Found, options: ReadOptions): Promise<boolean> {
  if (a.rawId === b.rawId || String(a.shape) !== String(b.shape)) return false;
  const box = intersectBoxes(a.annotation.box, b.annotation.box);
  if (!box) return false;
  return reading(a, options, (one) => reading(b, options, (other) => equal(one, other, box, options)));
}

async function reading<T>(found: Found, options: ReadOptions, use: (volume: Volume) => Promise<T>) {
  try {
    return await opened(found.annotation.raw, options, use);
  } catch (error) {
    throw ofEntry(found, error);
  }
}

/** Equal, and not of one value only, as the black margin of any two volumes is. */
async function equal(a: Volume, b: Volume, box: Box, { signal }: ReadOptions): Promise<boolean> {
  const [look] = pieces(box, 1, { maxBytes: lookBytes });
  let first: number | undefined;
  let varied = false;
  for (const piece of [look!, ...pieces(box, 1, { maxBytes: compareBytes })]) {
    signal?.throwIfAborted();
    const [one, other] = await Promise.all(
      [a, b].map((volume) => volume.read(piece, signal ? { signal } : {})),
    );
    const bytes = one!.data as Uint8Array; // the dtype was checked
    if (Buffer.compare(bytes, other!.data as Uint8Array) !== 0) return false;
    first ??= bytes[0];
    varied ||= bytes.some((value) => value !== first);
  }
  return varied;
}

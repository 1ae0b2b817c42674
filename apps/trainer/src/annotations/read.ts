import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ProgressLine } from '../progress/reporter.ts';
import { annotationDigest, type AnnotationDigest } from './digest.ts';
import { parseJson } from './json.ts';
import { fromFolder, shown } from './location.ts';
import { ranges, voxelsOf, withAnnotation, type ReadOptions } from './open.ts';
import { checkCopies, checkPlaces, type Found } from './overlap.ts';
import { entryProblem, manifestProblem, ofEntry, type Place } from './problem.ts';
import { parseEntry, type WrittenEntry } from './schema.ts';
import { identityOf } from './source.ts';
import type { Annotation, Manifest, Split } from './types.ts';

export interface ManifestOptions extends ReadOptions {
  /** Told as voxels are read: `reporter.progress`. */
  readonly progress?: (line: ProgressLine) => void;
}

/**
 * Reads the manifest and checks all of it: what it says, that its volumes are there, that their voxels are those that were
 * annotated (every one is read, in pieces of 128 MiB at most), and that no voxel is both trained on and held out.
 *
 * ```ts
 * const { entries } = await readManifest('annotations.json', { signal });
 * const fresh = newAnnotations({ file, entries }, new Set(['9f86d081...']));
 * ```
 * @throws CommandError `trainer/manifest`, in one sentence that names the entry, the value and the remedy; `trainer/data`
 *   for a disk or server that fails and may not tomorrow; the signal's reason
 */
export async function readManifest(file: string, options: ManifestOptions = {}): Promise<Manifest> {
  const written = parseEntries(await readText(file), file);
  for (const split of ['train', 'held-out'] as const) requireSplit(written, split, file);
  return checkEntries(written, file, options);
}

/** The entries whose keys no earlier night has seen. */
export function newAnnotations({ entries }: Manifest, seen: ReadonlySet<string>): readonly Annotation[] {
  return entries.filter(({ key }) => !seen.has(key));
}

/** What the file says, with nothing looked up. */
export function parseEntries(text: string, file: string): readonly WrittenEntry[] {
  const parsed = parseJson(text, file);
  if (!Array.isArray(parsed))
    throw manifestProblem(
      `${file} must hold a JSON array of annotations, [{"raw": ...}, ...], but holds ${parsed === null ? 'null' : `one ${typeof parsed}`}; put [ ] around it.`,
    );
  return parsed.map((value: unknown, index) => parseEntry(value, file, index + 1));
}

/** Everything but that there are entries of both splits. */
export async function checkEntries(
  written: readonly WrittenEntry[],
  file: string,
  options: ManifestOptions = {},
): Promise<Manifest> {
  const found: Found[] = [];
  for (const [index, entry] of written.entries())
    found.push(await findEntry(entry, { file, number: index + 1, raw: entry.raw }, options));
  checkPlaces(found);
  await checkCopies(found, await verify(found, options), options);
  return { file, entries: found.map(({ annotation }) => annotation) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw manifestProblem(
      reason === 'ENOENT'
        ? `${file} does not exist; check the path of the manifest, or begin one with \`npx tokenunify annotate\`.`
        : `${file} cannot be read (${reason}); check that the manifest is a file and who may read it.`,
      cause,
    );
  }
}

function requireSplit(entries: readonly WrittenEntry[], split: Split, file: string): void {
  if (entries.some((entry) => entry.split === split)) return;
  const why =
    split === 'train' ? 'so there is nothing to train on' : 'so nothing can say which model is better';
  throw manifestProblem(
    `${file} has ${entries.length} entries and none of them is ${split}, ${why}; add one with \`npx tokenunify annotate --split ${split}\`.`,
  );
}

async function findEntry(entry: WrittenEntry, place: Place, options: ReadOptions): Promise<Found> {
  const folder = dirname(resolve(place.file));
  const raw = fromFolder(folder, entry.raw);
  const labels = fromFolder(folder, entry.labels);
  try {
    return await withAnnotation({ raw, labels, box: entry.box }, options, async (open) => ({
      ...place,
      raw: shown(entry.raw),
      rawId: await identityOf(open.raw),
      labelsId: await identityOf(open.labels),
      shape: open.raw.shape,
      annotation: {
        number: place.number,
        raw,
        labels,
        box: open.box,
        sha256: entry.sha256,
        split: entry.split,
        key: keyOf(entry, ranges(open.box)),
      },
    }));
  } catch (error) {
    throw ofEntry(place, error);
  }
}

function keyOf({ raw, labels, sha256 }: WrittenEntry, box: string): string {
  return createHash('sha256')
    .update(JSON.stringify([shown(raw), shown(labels), box, sha256]))
    .digest('hex');
}

/** Reads every voxel. */
async function verify(found: readonly Found[], options: ManifestOptions): Promise<AnnotationDigest[]> {
  const total = found.reduce((sum, { annotation }) => sum + voxelsOf(annotation.box), 0);
  const digests: AnnotationDigest[] = [];
  let before = 0;
  for (const entry of found) {
    const { annotation } = entry;
    const tell = (done: number) =>
      options.progress?.({
        stage: 'checksums',
        done: before + done,
        total,
        detail: `entry ${entry.number}/${found.length}`,
      });
    let digest: AnnotationDigest;
    try {
      digest = await annotationDigest(annotation, { ...options, progress: tell });
    } catch (error) {
      throw ofEntry(entry, error);
    }
    if (digest.sha256 !== annotation.sha256)
      throw entryProblem(
        entry,
        `has other voxels than when it was added: expected sha256 ${annotation.sha256}, found ${digest.sha256} in the box ${ranges(annotation.box)}; restore ${entry.raw} and ${shown(annotation.labels)}, or, if the change is wanted, remove the entry and add it as a new one with \`npx tokenunify annotate\`.`,
      );
    if (!digest.labelled)
      throw entryProblem(
        entry,
        `has no labelled voxel in the box ${ranges(annotation.box)}, so there is nothing to learn or to score; choose another box, or remove the entry.`,
      );
    digests.push(digest);
    before += voxelsOf(annotation.box);
  }
  return digests;
}

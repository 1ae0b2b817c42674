import { isScoring } from '../agglomeration/scores.ts';
import { SegmentationError } from '../errors.ts';
import type { PostProcessing } from './postprocess.ts';

type Check = (value: unknown) => boolean;
const numberIn =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === 'number' && value >= low && value <= high;
const triple =
  (each: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length === 3 && value.every(each);
const whole =
  (low: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= low; // a safe integer is a number

interface Rule {
  readonly field: string;
  readonly ok: Check;
  readonly must: string;
  readonly optional?: true;
}

const rules: readonly Rule[] = [
  { field: 'watershed.mode', ok: (v) => v === '3d' || v === 'section', must: "be '3d' or 'section'" },
  { field: 'watershed.boundaryThreshold', ok: numberIn(0, 1), must: 'lie in [0, 1]', optional: true },
  {
    field: 'watershed.seedSigma',
    ok: numberIn(0, 100),
    must: 'lie between 0 and 100 voxels',
    optional: true,
  },
  {
    field: 'watershed.minimumSeedDistance',
    ok: numberIn(0, 1e6),
    must: 'be a distance in voxels',
    optional: true,
  },
  { field: 'watershed.minimumFragmentSize', ok: whole(0), must: 'be a number of voxels', optional: true },
  {
    field: 'watershed.voxelSize',
    ok: triple((v) => typeof v === 'number' && v > 0 && Number.isFinite(v)),
    must: 'be three positive numbers (z, y, x)',
    optional: true,
  },
  {
    field: 'watershed.cell',
    ok: triple(whole(1)),
    must: 'be three numbers of voxels (z, y, x)',
    optional: true,
  },
  {
    field: 'watershed.halo',
    ok: triple(whole(0)),
    must: 'be three numbers of voxels (z, y, x)',
    optional: true,
  },
  { field: 'agglomeration.scoring', ok: isScoring, must: "be 'mean', 'max' or 'hist1' to 'hist99'" },
  { field: 'agglomeration.threshold', ok: numberIn(0, 1), must: 'lie in [0, 1]' },
  { field: 'minimumSize', ok: whole(0), must: 'be a number of voxels', optional: true },
];

/**
 * Post-processing from JSON, as a model package or a request holds it: checked field by field, unknown fields refused
 * (a misspelt one would silently mean its default).
 *
 * @throws {SegmentationError} `segmentation/bad-option`, naming the first field that is wrong
 */
export function parsePostProcessing(json: unknown): PostProcessing {
  check(json, rules);
  return json as PostProcessing; // every field was checked
}

/** The same for the part that makes fragments. */
export function checkWatershed(watershed: unknown): void {
  check(
    { watershed },
    rules.filter(({ field }) => field.startsWith('watershed.')),
  );
}

function check(json: unknown, expected: readonly Rule[]): void {
  for (const { field, ok, must, optional } of expected) {
    const value = field.split('.').reduce<unknown>((at, key) => childOf(at, key), json);
    if (value === undefined ? optional === true : ok(value)) continue;
    refuse(field, `is ${JSON.stringify(value) ?? 'missing'}, but it must ${must}.`);
  }
  const known = new Set(expected.flatMap(({ field }) => [field, field.split('.')[0]]));
  const unknown = fieldsOf(json).find((field) => !known.has(field));
  if (unknown !== undefined) refuse(unknown, 'is not an option: remove it, or check its spelling.');
}

function refuse(field: string, why: string): never {
  throw new SegmentationError('segmentation/bad-option', `postprocessing.${field} ${why}`);
}

function childOf(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}

function fieldsOf(json: unknown): string[] {
  if (!isRecord(json)) return [];
  return Object.entries(json).flatMap(([key, value]) =>
    isRecord(value) ? [key, ...Object.keys(value).map((inner) => `${key}.${inner}`)] : [key],
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

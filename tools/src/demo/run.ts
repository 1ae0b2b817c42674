import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeNpy, encodeNpy, ndArray, type NdArray, type Vec3 } from '@tokenunify/em-io';
import { intensityBaseline, tuneIntensityBaseline } from '@tokenunify/segmentation';
import { ToolsError } from '../errors.ts';
import { matchLabels, montage } from '../picture/index.ts';
import { syntheticVolume, type SyntheticVolume } from '../synthetic/index.ts';
import type { DemoApi } from './api.ts';
import type { DemoOptions } from './options.ts';
import { score, type Score } from './score.ts';

export interface DemoResult {
  /** The model's, then the baseline's. */
  readonly scores: readonly Score[];
  readonly neurons: number;
  readonly labelCount: number;
  readonly picture: string;
  /** raw, labels, affinities and truth, as npy files. */
  readonly arrays: readonly string[];
}

export interface DemoHooks {
  readonly signal: AbortSignal;
  /** Called as each step begins. */
  readonly step: (what: string) => void;
}

/** Enough to tune one threshold on, and quick. */
const TUNING_SHAPE: Vec3 = [48, 112, 112];

/**
 * The demo's work against an API that runs: makes a volume, has it segmented over HTTP, scores the labels beside what a threshold on
 * brightness achieves, and writes a picture.
 *
 * @throws ApiError, ApiConnectionError; ToolsError 'tools/bad-option' for an `out` that can be no directory,
 * 'tools/demo-failed' when an answer is not what was asked for
 */
export async function runDemo(
  options: Pick<DemoOptions, 'seed' | 'shape' | 'out'>,
  { client }: Pick<DemoApi, 'client'>,
  { signal, step }: DemoHooks,
): Promise<DemoResult> {
  const { seed, shape, out } = options;
  await makeDirectory(out);
  step(`making a synthetic EM volume of ${shape.join(' x ')} voxels, seed ${seed}`);
  const volume = syntheticVolume({ shape, seed });
  const raw = encodeNpy(ndArray('uint8', shape, volume.raw));

  step('segmenting it: POST /v1/segment');
  const answer = await client.segment(raw, { signal });
  const labels = labelsOf(decodeNpy(answer.npy), shape);

  step('asking for the affinities behind it: POST /v1/segment?output=affinities');
  const affinities = affinitiesOf(
    decodeNpy((await client.segment(raw, { output: 'affinities', signal })).npy),
    shape,
  );

  step('tuning the brightness baseline on another volume, and scoring both');
  signal.throwIfAborted();
  const baseline = brightnessLabels(volume, seed);
  const scores = [
    score('TokenUnify', volume.labels, labels),
    score('intensity baseline', volume.labels, baseline),
  ];

  step('drawing');
  const picture = join(out, 'demo.png');
  await writeFile(picture, draw(volume, affinities, labels, scores[0].voi));
  const arrays = {
    raw,
    labels: answer.npy,
    affinities: encodeNpy(ndArray('float32', [3, ...shape], affinities)),
    truth: encodeNpy(ndArray('uint32', shape, volume.labels)),
  };
  const files: string[] = [];
  for (const [name, bytes] of Object.entries(arrays)) {
    const file = join(out, `${name}.npy`);
    await writeFile(file, bytes);
    files.push(file);
  }
  return {
    scores,
    neurons: volume.neurons,
    labelCount: answer.labelCount ?? new Set(labels).size,
    picture,
    arrays: files,
  };
}

/** First of all: a place that cannot be written must not cost what was segmented. */
async function makeDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new ToolsError(
      'tools/bad-option',
      `--out is '${path}', where no directory can be made (${reason}); choose another.`,
      { cause },
    );
  });
}

/** Dark is membrane: the threshold is chosen where the truth is known, on a volume that is not the one to be judged. */
function brightnessLabels({ raw, shape }: SyntheticVolume, seed: number): Uint32Array {
  const tuning = syntheticVolume({ shape: TUNING_SHAPE, seed: seed + 1 });
  const { threshold } = tuneIntensityBaseline(tuning.raw, tuning.labels, tuning.shape);
  return intensityBaseline(raw, shape, { threshold });
}

/** Two cuts, raw | affinities | labels | truth, the labels in the colours of the neurons they cover. */
function draw(
  volume: SyntheticVolume,
  affinities: Float32Array,
  labels: Uint32Array,
  voi: number,
): Uint8Array {
  const { raw, shape, voxelSize, labels: truth } = volume;
  return montage({
    shape,
    voxelSize,
    scale: Math.max(1, Math.round(360 / Math.max(shape[1], shape[2]))),
    cuts: [
      { axis: 0, index: shape[0] >> 1 },
      { axis: 1, index: shape[1] >> 1 },
    ],
    panels: [
      { kind: 'raw', caption: 'raw', raw },
      { kind: 'affinities', caption: 'affinities', affinities },
      { kind: 'labels', caption: `labels, VOI ${voi.toFixed(2)}`, labels: matchLabels(labels, truth), raw },
      { kind: 'labels', caption: 'truth', labels: truth, raw },
    ],
  });
}

function labelsOf(array: NdArray, shape: Vec3): Uint32Array {
  if (array.data instanceof Uint32Array && sameShape(array.shape, shape)) return array.data;
  throw unexpected('labels', array, `uint32 of shape ${shape.join(' x ')}`);
}

function affinitiesOf(array: NdArray, shape: Vec3): Float32Array {
  if (array.data instanceof Float32Array && sameShape(array.shape, [3, ...shape])) return array.data;
  throw unexpected('affinities', array, `float32 of shape 3 x ${shape.join(' x ')}`);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, d) => side === b[d]);
}

function unexpected(what: string, { dtype, shape }: NdArray, wanted: string): ToolsError {
  const got = `${dtype} of shape ${shape.join(' x ')}`;
  return new ToolsError(
    'tools/demo-failed',
    `The API answered with ${what} that are ${got} instead of ${wanted}: do client and server come from one checkout?`,
  );
}

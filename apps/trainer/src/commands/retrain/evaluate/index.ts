/**
 * Champion and challenger on the held-out boxes of the annotations: what the gate decides on, and what people look at.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boxShape, wholeBox } from '@tokenunify/em-io';
import { startInference, type ModelPackage } from '@tokenunify/model';
import { parsePostProcessing, planTiles } from '@tokenunify/segmentation';
import { ranges } from '../../../annotations/open.ts';
import { CommandError } from '../../../errors.ts';
import type { Annotation, Both, ComparedBox, CompareModels, Comparison, SpeedRatio } from '../types.ts';
import { checkAlike } from './alike.ts';
import { labelsOf, openBox } from './boxes.ts';
import { worstNeurons } from './neurons.ts';
import { Pool } from './pool.ts';
import { processorTime } from './processor-time.ts';
import type { Predictor, Segmenter } from './segmented.ts';
import { measureSpeed } from './speed.ts';
import { middleTile } from './tiles.ts';

/** What a comparison is made with; tests put others in their place. */
export interface CompareTools {
  start(
    model: ModelPackage,
    options: { readonly threads?: number; readonly signal: AbortSignal },
  ): Promise<Predictor & { close(): Promise<void> }>;
  /** ms. */
  readonly now: () => number;
}

const realTools: CompareTools = { start: startInference, now: () => performance.now() };

/** Boxes whose middle tile is timed. */
const TIMED_BOXES = 4;

/**
 * Segments each held-out box with both models and scores them: the box is cut out first, so that neither the networks nor the truth see
 * anything outside; both get the same tiles and the champion's post-processing; the truth is the 6-connected components of the
 * labels in the box, as `tokenunify evaluate` has it. Speeds are measured in turns (see `measureSpeed`).
 *
 * One box is in memory at a time. Labels of finished boxes are kept in `cache`, by the model's digest and the annotation's key, until the
 * comparison is complete: one that was ended goes on with the next box.
 *
 * @throws CommandError `trainer/data` for models that take other tiles or scale their input differently, and for boxes without a truth;
 *   what reading and segmenting throw; the signal's reason
 */
export async function compareModels(
  options: CompareModels,
  tools: CompareTools = realTools,
): Promise<Comparison> {
  const { champion, challenger, annotations, reporter } = options;
  if (annotations.length === 0)
    throw new CommandError(
      'trainer/data',
      'There is no held-out annotation to compare the models on; add one with `npx tokenunify annotate --split held-out`.',
    );
  checkAlike(champion, challenger);
  if (JSON.stringify(champion.postprocessing) !== JSON.stringify(challenger.postprocessing))
    reporter.note("The models carry different post-processing; both are compared with the champion's.");
  const cache = options.cache ?? (await mkdtemp(join(tmpdir(), 'tokenunify-compare-')));
  const temporary = options.cache === undefined;
  try {
    const comparison = await withBoth(options, cache, tools, (segmenters) =>
      compare(segmenters, options, tools.now),
    );
    await rm(cache, { recursive: true, force: true });
    return comparison;
  } finally {
    if (temporary) await rm(cache, { recursive: true, force: true });
  }
}

/** Both networks in processes of their own, closed however it ends. */
async function withBoth<T>(
  { champion, challenger, threads, signal }: CompareModels,
  cache: string,
  tools: CompareTools,
  use: (segmenters: Both<Segmenter>) => Promise<T>,
): Promise<T> {
  const postprocessing = parsePostProcessing(champion.postprocessing);
  const open: { close(): Promise<void> }[] = [];
  const ready = async (model: ModelPackage): Promise<Segmenter> => {
    const predictor = await tools.start(model, { signal, ...(threads !== undefined && { threads }) });
    open.push(predictor);
    return { model, predictor, postprocessing, cache, signal };
  };
  try {
    return await use({ champion: await ready(champion), challenger: await ready(challenger) });
  } finally {
    await Promise.all(open.map((predictor) => predictor.close()));
  }
}

async function compare(
  segmenters: Both<Segmenter>,
  { annotations, champion, signal, reporter }: CompareModels,
  now: () => number,
): Promise<Comparison> {
  const pool = new Pool();
  const boxes: ComparedBox[] = [];
  const timed: Float32Array[] = [];
  const tilesOf = ({ box }: Annotation) => {
    const shape = boxShape(box);
    return planTiles(shape, champion.tileShape, 0.25, wholeBox(shape)).tiles.length;
  };
  const total = 2 * annotations.reduce((sum, annotation) => sum + tilesOf(annotation), 0);
  let before = 0;
  for (const annotation of annotations) {
    signal.throwIfAborted();
    const opened = await openBox(annotation, signal);
    const labels = await labelsOf(segmenters, annotation, opened.block, (done) =>
      reporter.progress({ stage: 'compare', done: before + done, total }),
    );
    before += 2 * tilesOf(annotation);
    const scores = pool.add(opened.truth, labels);
    const { key, raw: source, box } = annotation;
    boxes.push({ annotation: key, source, box, voxels: opened.truth.length, ...scores });
    reporter.progress({
      ...{ stage: 'compare', done: before, total },
      detail: `VOI ${scores.champion.voi.toFixed(4)} -> ${scores.challenger.voi.toFixed(4)}`,
      data: { box: ranges(box), source, ...scores },
    });
    if (timed.length < TIMED_BOXES)
      timed.push(middleTile(opened.block, champion.tileShape, champion.inputScale));
  }
  const { speed, speedRatio } = await speedOf(segmenters, timed, now, signal);
  const worst = await worstNeurons(pool, segmenters, annotations, signal);
  return { boxes, pooled: pool.scores(), speed, speedRatio, worst };
}

function speedOf(
  { champion, challenger }: Both<Segmenter>,
  tiles: readonly Float32Array[],
  now: () => number,
  signal: AbortSignal,
): Promise<{ readonly speed: Both<number>; readonly speedRatio: SpeedRatio }> {
  const predictors = { champion: champion.predictor, challenger: challenger.predictor };
  return measureSpeed({
    ...{ predictors, tiles, now, signal },
    processorTime: (who) => processorTime(predictors[who].pid),
  });
}

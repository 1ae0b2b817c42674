import { setImmediate } from 'node:timers/promises';
import type { Volume } from '@tokenunify/em-io';
import type { QuantisedAffinities } from '../affinities.ts';
import type { ProgressEvent } from '../progress.ts';
import { computeAffinities, type AffinityOptions, type AffinityPredictor } from '../tiles/index.ts';
import { parsePostProcessing } from './options.ts';
import { labelsOf, prepareSegmentation, type PostProcessing, type Segmentation } from './postprocess.ts';

export interface SegmentOptions extends AffinityOptions {
  readonly postprocessing: PostProcessing;
}

/** Labels, and what they were made from. */
export interface SegmentResult extends Segmentation {
  readonly affinities: QuantisedAffinities;
  readonly fragmentCount: number;
}

/**
 * A volume's neurons: tiles, affinities, fragments, region graph, agglomeration, labels. The command line and the API both
 * call this, so their labels are the same.
 *
 * @example
 * const steps = segment(volume, inference, {
 *   postprocessing: model.postprocessing, inputScale: model.inputScale, minimumShape: model.minimumShape });
 * for (;;) {
 *   const step = await steps.next();
 *   if (step.done) return step.value.labels;
 *   report(step.value);
 * }
 * @throws what `computeAffinities` throws; the signal's reason when aborted
 */
export async function* segment(
  volume: Volume,
  predictor: AffinityPredictor,
  options: SegmentOptions,
): AsyncGenerator<ProgressEvent, SegmentResult, void> {
  parsePostProcessing(options.postprocessing); // before hours of inference, not after
  const affinities = yield* computeAffinities(volume, predictor, options);
  return yield* segmentAffinities(affinities, options.postprocessing, options.signal);
}

/** The second half of `segment`, from affinities that exist. */
export async function* segmentAffinities(
  affinities: QuantisedAffinities,
  postprocessing: PostProcessing,
  signal?: AbortSignal,
): AsyncGenerator<ProgressEvent, SegmentResult, void> {
  parsePostProcessing(postprocessing);
  const pause = async () => {
    // The stages are synchronous; between them others get a turn, and an abort is noticed.
    await setImmediate();
    signal?.throwIfAborted();
  };
  const preparing = prepareSegmentation(affinities, postprocessing.watershed);
  let step = preparing.next();
  for (; !step.done; step = preparing.next()) {
    yield step.value;
    await pause();
  }
  const prepared = step.value;
  yield { stage: 'agglomeration', done: 0, total: 1, unit: 'volumes' };
  await pause();
  const segmentation = labelsOf(prepared, postprocessing);
  yield { stage: 'agglomeration', done: 1, total: 1, unit: 'volumes' };
  yield { stage: 'labels', done: segmentation.count, total: segmentation.count, unit: 'labels' };
  return { ...segmentation, affinities, fragmentCount: prepared.fragments.count };
}

import {
  parsePostProcessing,
  postprocess,
  sweepThresholds,
  type PostProcessing,
  type QuantisedAffinities,
} from '@tokenunify/segmentation';
import { CommandError } from '../../errors.ts';
import type { Reporter } from '../../progress/reporter.ts';
import type { LabelledBlock } from '../../sampling/load.ts';
import { parseJson, type NamedPredictor } from '../predictors.ts';
import type { EvaluateCommand } from './options.ts';
import { predict } from './predict.ts';
import { score, type Score } from './scores.ts';

export interface Truth {
  readonly block: LabelledBlock;
  /** 6-connected components of the cropped labels. */
  readonly components: Uint32Array;
}

/** A segmentation that was scored, and how it was made. */
export interface Choice {
  readonly score: Score;
  readonly postprocessing: PostProcessing;
  readonly checkpoint?: string;
}

/** One predictor, one post-processing. */
export async function measure(
  predictors: AsyncIterable<NamedPredictor>,
  postprocessing: PostProcessing,
  truth: Truth,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<Choice> {
  for await (const named of predictors) {
    const affinities = await predict(named, truth.block, signal, reporter);
    const { labels } = postprocess(affinities, postprocessing);
    return { score: score(named.name, truth.components, labels), postprocessing };
  }
  throw new CommandError('trainer/usage', 'There is no checkpoint to evaluate.');
}

/**
 * What `--select` tries: post-processings, each to be swept over thresholds and minimum sizes.
 * @throws CommandError, or a SegmentationError naming the field, for any that cannot be: before hours of inference
 */
export function candidatesOf(command: EvaluateCommand): readonly PostProcessing[] {
  const { thresholds, minimumSizes, scoring, watershed } = command;
  return watershed.flatMap((text) => {
    const json = parseJson('--watershed', text);
    return scoring.flatMap((name) => {
      const all = thresholds.flatMap((threshold) =>
        minimumSizes.map((minimumSize) =>
          parsePostProcessing({ watershed: json, agglomeration: { scoring: name, threshold }, minimumSize }),
        ),
      );
      return all.slice(0, 1);
    });
  });
}

/** Everything that is asked for, and the lowest VOI of it. */
export async function choose(
  predictors: AsyncIterable<NamedPredictor>,
  candidates: readonly PostProcessing[],
  command: EvaluateCommand,
  truth: Truth,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<Choice> {
  let best: Choice | undefined;
  for await (const named of predictors) {
    const affinities = await predict(named, truth.block, signal, reporter);
    let own: Choice | undefined;
    for (const choice of sweep(command, candidates, named, affinities, truth)) {
      signal.throwIfAborted();
      if (!own || choice.score.voi < own.score.voi) own = choice;
    }
    if (!own) continue;
    const { voi, voiSplit, voiMerge } = own.score;
    reporter.note(
      `${named.name}: VOI ${voi.toFixed(4)} (split ${voiSplit.toFixed(4)}, merge ${voiMerge.toFixed(4)}) with ${JSON.stringify(own.postprocessing)}`,
    );
    if (!best || voi < best.score.voi) best = own;
  }
  if (!best)
    throw new CommandError(
      'trainer/usage',
      'There is nothing to choose from; give --thresholds and a checkpoint.',
    );
  return best;
}

function* sweep(
  { thresholds, minimumSizes }: EvaluateCommand,
  candidates: readonly PostProcessing[],
  { name, checkpoint }: NamedPredictor,
  affinities: QuantisedAffinities,
  { components }: Truth,
): Generator<Choice> {
  for (const { watershed, agglomeration } of candidates) {
    const { scoring } = agglomeration;
    for (const step of sweepThresholds(affinities, watershed, scoring, thresholds, minimumSizes))
      yield {
        score: score(name, components, step.labels),
        postprocessing: {
          watershed,
          agglomeration: { scoring, threshold: step.threshold },
          ...(step.minimumSize > 0 && { minimumSize: step.minimumSize }),
        },
        ...(checkpoint !== undefined && { checkpoint }),
      };
  }
}

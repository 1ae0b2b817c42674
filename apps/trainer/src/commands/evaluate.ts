import { writeFile } from 'node:fs/promises';
import { volumeFromArray } from '@tokenunify/em-io';
import type { EngineChoice } from '@tokenunify/model';
import {
  allOneLabel,
  computeAffinities,
  connectedComponents,
  everyVoxelItsOwn,
  intensityBaseline,
  postprocess,
  sweepThresholds,
  tuneIntensityBaseline,
  type PostProcessing,
  type QuantisedAffinities,
  type Scoring,
} from '@tokenunify/segmentation';
import { CommandError } from '../errors.ts';
import { createReporter, type Reporter } from '../progress/reporter.ts';
import { loadBlock, type LoadedBlock } from '../sampling/load.ts';
import {
  checkpointPredictors,
  packagePredictor,
  parsePostprocessing,
  type NamedPredictor,
} from './predictors.ts';
import { score, scoreTable, type Score } from './scores.ts';

export interface EvaluateCommand {
  readonly model?: string;
  readonly checkpoint?: readonly string[];
  readonly raw: string;
  readonly labels: string;
  readonly box?: string;
  readonly tuneBox?: string;
  readonly baselines: boolean;
  readonly postprocessing?: string;
  /** Choose among checkpoints, watersheds, scorings, thresholds and minimum sizes, and write the choice here. */
  readonly select?: string;
  readonly watershed: readonly string[];
  readonly scoring: readonly string[];
  readonly thresholds: readonly number[];
  readonly minimumSizes: readonly number[];
  readonly report?: string;
  readonly engine: EngineChoice;
  readonly threads?: number;
  readonly json: boolean;
}

interface Truth {
  readonly block: LoadedBlock;
  /** 6-connected components of the cropped labels. */
  readonly components: Uint32Array;
}

interface Choice {
  readonly score: Score;
  readonly postprocessing: PostProcessing;
  readonly checkpoint?: string;
}

/**
 * `tokenunify evaluate`: scores on a box, beside three segmentations that learn nothing. The box is cut out first: neither
 * the network nor the truth's components see anything outside.
 */
export async function runEvaluate(
  command: EvaluateCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const { raw, labels, box } = command;
  if ((command.model === undefined) === (command.checkpoint === undefined))
    throw new CommandError('trainer/usage', 'Name either --model or --checkpoint: what is to be evaluated.');
  const block = await loadBlock({ raw, labels, ...(box ? { box } : {}) }, signal);
  const truth = { block, components: connectedComponents(block.labels!, block.shape) }; // labels were asked for
  const best =
    command.select === undefined
      ? await plain(command, truth, signal, reporter)
      : await choose(command, truth, signal, reporter);
  const scores = [
    best.score,
    ...(command.baselines ? await baselines(command, truth, signal, reporter) : []),
  ];
  const result = {
    box: box ?? 'whole volume',
    ...(best.checkpoint ? { checkpoint: shortName(best.checkpoint) } : {}),
    postprocessing: best.postprocessing,
    scores,
    command: commandLine(command),
  };
  const file = command.select ?? command.report;
  if (file !== undefined) await writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`);
  const chosen = best.checkpoint ? `chosen: ${best.checkpoint}\n` : '';
  reporter.result(
    `${scoreTable(scores)}\n${chosen}post-processing: ${JSON.stringify(best.postprocessing)}`,
    result,
  );
  return 0;
}

/** One predictor, one post-processing. */
async function plain(
  command: EvaluateCommand,
  truth: Truth,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<Choice> {
  for await (const named of predictors(command, signal, reporter)) {
    const postprocessing = command.postprocessing
      ? parsePostprocessing(command.postprocessing)
      : named.postprocessing;
    if (!postprocessing)
      throw new CommandError(
        'trainer/usage',
        'A checkpoint has no post-processing; give --postprocessing, or choose one with --select.',
      );
    const affinities = await predict(named, truth.block, signal, reporter);
    const { labels } = postprocess(affinities, postprocessing);
    return { score: score(named.name, truth.components, labels), postprocessing };
  }
  throw new CommandError('trainer/usage', 'There is no checkpoint to evaluate.');
}

/** Everything that is asked for, and the lowest VOI of it. */
async function choose(
  command: EvaluateCommand,
  truth: Truth,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<Choice> {
  let best: Choice | undefined;
  for await (const named of predictors(command, signal, reporter)) {
    const affinities = await predict(named, truth.block, signal, reporter);
    let own: Choice | undefined;
    for (const choice of sweep(command, named, affinities, truth)) {
      signal.throwIfAborted();
      if (!own || choice.score.voi < own.score.voi) own = choice;
    }
    if (!own) continue;
    reporter.note(
      `${named.name}: VOI ${own.score.voi.toFixed(4)} (split ${own.score.voiSplit.toFixed(4)}, merge ${own.score.voiMerge.toFixed(4)}) with ${JSON.stringify(own.postprocessing)}`,
    );
    if (!best || own.score.voi < best.score.voi) best = own;
  }
  if (!best)
    throw new CommandError(
      'trainer/usage',
      'There is nothing to choose from; give --thresholds and a checkpoint.',
    );
  return best;
}

function* sweep(
  command: EvaluateCommand,
  named: NamedPredictor,
  affinities: QuantisedAffinities,
  truth: Truth,
): Generator<Choice> {
  for (const text of command.watershed) {
    const watershed = JSON.parse(text) as PostProcessing['watershed']; // libs/segmentation checks it
    for (const scoring of command.scoring as readonly Scoring[])
      // likewise
      for (const step of sweepThresholds(
        affinities,
        watershed,
        scoring,
        command.thresholds,
        command.minimumSizes,
      ))
        yield {
          score: score(named.name, truth.components, step.labels),
          postprocessing: {
            watershed,
            agglomeration: { scoring, threshold: step.threshold },
            ...(step.minimumSize > 0 ? { minimumSize: step.minimumSize } : {}),
          },
          ...('checkpoint' in named ? { checkpoint: named.name } : {}),
        };
  }
}

async function* predictors(
  command: EvaluateCommand,
  signal: AbortSignal,
  reporter: Reporter,
): AsyncGenerator<NamedPredictor> {
  if (command.model !== undefined) {
    const named = await packagePredictor(command.model, {
      signal,
      ...(command.threads ? { threads: command.threads } : {}),
    });
    try {
      yield named;
    } finally {
      await named.close();
    }
    return;
  }
  for await (const named of checkpointPredictors(command.checkpoint ?? [], command.engine, reporter))
    try {
      yield named;
    } finally {
      await named.close();
    }
}

async function predict(
  named: NamedPredictor,
  block: LoadedBlock,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<QuantisedAffinities> {
  const volume = volumeFromArray({ dtype: 'uint8', shape: [...block.shape], data: block.raw });
  const { predictor, inputScale, minimumShape } = named;
  const steps = computeAffinities(volume, predictor, { inputScale, minimumShape, signal });
  for (;;) {
    const { value, done } = await steps.next();
    if (done) return value;
    reporter.progress({ stage: value.stage, done: value.done, total: value.total });
  }
}

async function baselines(
  command: EvaluateCommand,
  truth: Truth,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<Score[]> {
  const { block, components } = truth;
  const rows = [
    score('all one label', components, allOneLabel(block.raw.length)),
    score('every voxel its own', components, everyVoxelItsOwn(block.raw.length)),
  ];
  if (command.tuneBox === undefined) {
    reporter.note(
      'The intensity baseline is left out: its threshold needs other voxels than the scored ones, name them with --tune-box.',
    );
    return rows;
  }
  const tuning = await loadBlock({ raw: command.raw, labels: command.labels, box: command.tuneBox }, signal);
  reporter.note(`tuning the intensity baseline on ${command.tuneBox}`);
  const tuned = tuneIntensityBaseline(tuning.raw, tuning.labels!, tuning.shape); // labels were asked for
  const labels = intensityBaseline(block.raw, block.shape, { threshold: tuned.threshold });
  return [...rows, score(`intensity > ${tuned.threshold}`, components, labels)];
}

/** How to reproduce it; paths cut to their last part. */
function commandLine(command: EvaluateCommand): string {
  const last = (path: string) => path.replace(/^.*\/(?=[^/]+\.)/, '');
  const parts = [
    command.model
      ? `--model ${command.model}`
      : `--checkpoint ${(command.checkpoint ?? []).map(shortName).join(' ')}`,
    `--raw ${last(command.raw)}`,
    `--labels ${last(command.labels)}`,
    command.box ? `--box ${command.box}` : '',
    command.tuneBox ? `--tune-box ${command.tuneBox}` : '',
    command.select
      ? `--select ... --scoring ${command.scoring.join(' ')} --thresholds ${command.thresholds.join(',')} --minimum-sizes ${command.minimumSizes.join(',')}`
      : '',
  ];
  return `npx tokenunify evaluate ${parts.filter((part) => part !== '').join(' ')}`;
}

const shortName = (file: string): string => file.split('/').slice(-2).join('/');

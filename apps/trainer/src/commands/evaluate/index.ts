import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readModelPackage } from '@tokenunify/model';
import { connectedComponents } from '@tokenunify/segmentation';
import { createReporter, type Reporter } from '../../progress/reporter.ts';
import { loadBlock } from '../../sampling/load.ts';
import { choosePostprocessing } from '../predictors.ts';
import { baselines } from './baselines.ts';
import { checkOptions, commandLine, shortName, type EvaluateCommand } from './options.ts';
import { predictors } from './predict.ts';
import { scoreTable } from './scores.ts';
import { checkTuneBox } from './split.ts';
import { candidatesOf, choose, measure } from './select.ts';

/**
 * `tokenunify evaluate`: scores on a box, beside three segmentations that learn nothing. The box is cut out first: neither
 * the network nor the truth's components see anything outside.
 */
export async function runEvaluate(
  command: EvaluateCommand,
  signal: AbortSignal,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  checkOptions(command);
  const { raw, labels, box, select } = command;
  const model = command.model === undefined ? undefined : await readModelPackage(command.model);
  // chosen, and so checked, before hours of inference
  const candidates = select === undefined ? [] : candidatesOf(command);
  const given = select === undefined ? choosePostprocessing(command.postprocessing, model) : undefined;
  const block = await loadBlock({ raw, labels, ...(box && { box }) }, signal);
  checkTuneBox(command.tuneBox, block);
  const truth = { block, components: connectedComponents(block.labels, block.shape) };
  const named = predictors(command, model, signal, reporter);
  const best = given
    ? await measure(named, given, truth, signal, reporter)
    : await choose(named, candidates, command, truth, signal, reporter);
  const others = command.baselines ? await baselines(command, truth, signal, reporter) : [];
  const scores = [best.score, ...others];
  const result = {
    box: box ?? 'whole volume',
    ...(best.checkpoint && { checkpoint: shortName(best.checkpoint) }),
    postprocessing: best.postprocessing,
    scores,
    command: commandLine(command),
  };
  await writeResult(select ?? command.report, result);
  const chosen = best.checkpoint ? `chosen: ${best.checkpoint}\n` : '';
  reporter.result(
    `${scoreTable(scores)}\n${chosen}post-processing: ${JSON.stringify(best.postprocessing)}`,
    result,
  );
  return 0;
}

async function writeResult(file: string | undefined, result: object): Promise<void> {
  if (file === undefined) return;
  await mkdir(dirname(file), { recursive: true }); // a missing directory must not cost what was measured
  await writeFile(file, `${JSON.stringify(result, undefined, 2)}\n`);
}

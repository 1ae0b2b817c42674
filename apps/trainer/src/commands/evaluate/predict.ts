import { volumeFromArray } from '@tokenunify/em-io';
import type { ModelPackage } from '@tokenunify/model';
import { computeAffinities, type QuantisedAffinities } from '@tokenunify/segmentation';
import { drain, type Reporter } from '../../progress/reporter.ts';
import type { LabelledBlock } from '../../sampling/load.ts';
import { checkpointPredictors, packagePredictor, type NamedPredictor } from '../predictors.ts';
import type { EvaluateCommand } from './options.ts';
import { seenInTraining } from './split.ts';

/** What is to be evaluated, one after the other; each is closed when the next is asked for. */
export async function* predictors(
  command: EvaluateCommand,
  model: ModelPackage | undefined,
  signal: AbortSignal,
  reporter: Reporter,
): AsyncGenerator<NamedPredictor> {
  const { threads, checkpoint = [], engine, tile } = command;
  const all = model
    ? [await packagePredictor(model, { signal, ...(threads && { threads }) })]
    : checkpointPredictors(checkpoint, { engine, ...(tile && { tile }) }, reporter);
  for await (const named of all)
    try {
      yield named;
    } finally {
      await named.close();
    }
}

/** Affinities of a block that was cut out first: the network sees nothing outside. */
export async function predict(
  named: NamedPredictor,
  block: LabelledBlock,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<QuantisedAffinities> {
  const seen = named.state && seenInTraining(named.name, named.state, block.source, block);
  if (seen) reporter.note(seen);
  const volume = volumeFromArray(
    { dtype: 'uint8', shape: block.shape, data: block.raw },
    { location: block.source },
  );
  const { predictor, inputScale, minimumShape } = named;
  return drain(computeAffinities(volume, predictor, { inputScale, minimumShape, signal }), reporter);
}

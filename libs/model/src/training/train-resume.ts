import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../errors.ts';
import type { ParameterSpec } from '../network/parameters.ts';
import { checkWeights } from './weights.ts';

/**
 * A checkpoint that this run can go on from.
 * @returns the steps it has done
 * @throws ModelError `model/checkpoint` when it has no optimizer state or is of another seed, `model/parameters` naming the
 *   first tensor that differs when it is of another network
 */
export function checkResumable(
  checkpoint: Checkpoint,
  parameters: readonly ParameterSpec[],
  seed: number,
): number {
  const { state, optimizer, weights, average } = checkpoint;
  const step = state['step'];
  if (typeof step !== 'number' || !optimizer)
    throw new ModelError(
      'model/checkpoint',
      'This checkpoint is for use, not for resuming: it holds no optimizer state.',
    );
  // checkpoints from before the seed was kept have none
  if (typeof state['seed'] === 'number' && state['seed'] !== seed)
    throw new ModelError(
      'model/checkpoint',
      `The checkpoint was trained with seed ${state['seed']}, not ${seed}, and its batches would be others; resume with seed ${state['seed']}.`,
    );
  checkWeights(parameters, weights, 'the checkpoint to resume');
  if (average) checkWeights(parameters, average, 'the average of the checkpoint to resume');
  // a step that failed before its update has no moments
  if (optimizer.moments.size > 0)
    checkWeights(
      parameters.flatMap((parameter) =>
        ['first', 'second'].map((moment) => ({ ...parameter, name: `${parameter.name}:${moment}` })),
      ),
      optimizer.moments,
      'the optimizer of the checkpoint to resume',
    );
  return step;
}

/** A run whose numbers are no longer numbers ends, and says at which step and where to go on from. */
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../errors.ts';
import type { Weights } from './weights.ts';

export interface StepInQuestion {
  /** Counted from 0. */
  readonly step: number;
  readonly steps: number;
  readonly rate: number;
  /** Steps of the last checkpoint that went out, or that the run was resumed from. */
  readonly good: number | undefined;
  readonly origin?: string | undefined;
}

/** @throws ModelError `model/diverged` when the schedule gives no finite rate */
export function checkRate(at: StepInQuestion): void {
  if (!Number.isFinite(at.rate))
    throw diverged(at, `the rate is ${at.rate}`, 'with a schedule of finite rates');
}

/** @throws ModelError `model/diverged` when the loss or the norm of its gradient is no finite number */
export function checkStep(
  at: StepInQuestion & { readonly loss: number; readonly gradientNorm: number },
): void {
  const { loss, gradientNorm, rate, origin } = at;
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  const batch = origin === undefined ? '' : ` of the batch from ${origin}`;
  throw diverged(
    at,
    `the loss${batch} is ${loss} and its gradient's norm ${gradientNorm}`,
    `with a lower rate than ${rate}${origin === undefined ? '' : ', or without that batch if its voxels are no numbers'}`,
    { loss, gradientNorm },
  );
}

/**
 * A rate far too high leaves a step's loss finite and its weights not.
 * @throws ModelError `model/diverged` naming the first weight that holds a number which is not finite
 */
export function checkFinite(checkpoint: Checkpoint, at: StepInQuestion): void {
  const groups: readonly [string, Weights | undefined][] = [
    ['weight', checkpoint.weights],
    ['moment', checkpoint.optimizer?.moments],
    ['average', checkpoint.average],
  ];
  for (const [group, weights] of groups)
    for (const [name, { data }] of weights ?? [])
      for (let i = 0; i < data.length; i++)
        if (!Number.isFinite(data[i]))
          throw diverged(at, `${group} '${name}' became ${data[i]}`, `with a lower rate than ${at.rate}`);
}

function diverged(
  { step, steps, rate, good, origin }: StepInQuestion,
  what: string,
  remedy: string,
  details: Record<string, unknown> = {},
): ModelError {
  const from = good === undefined ? 'start again' : `resume from the checkpoint of step ${good}`;
  return new ModelError('model/diverged', `At step ${step + 1} of ${steps} ${what}; ${from} ${remedy}.`, {
    details: { step: step + 1, rate, origin, lastGoodStep: good, ...details },
  });
}

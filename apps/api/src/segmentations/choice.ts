import type { Chosen } from '../models/types.ts';
import { ApiProblem, isApiProblem } from '../problem.ts';
import type { JobModels } from './options.ts';
import type { ModelRef } from './record.ts';

/**
 * The version that a new job gets, by what its request names; without a name the registry chooses.
 *
 * @throws ApiProblem `unknown-model`, `model-retired`
 */
export function chooseModel(
  models: Pick<JobModels, 'choose' | 'resolve'>,
  reference: string | undefined,
  random: () => number,
): Chosen {
  if (reference === undefined) return models.choose(random);
  try {
    return models.resolve(reference);
  } catch (error) {
    if (!isApiProblem(error, 'unknown-model', 'model-retired')) throw error;
    throw new ApiProblem(error.code, error.message, {
      ...error.options,
      field: 'body.model',
      value: reference.slice(0, MOST_SHOWN),
      cause: error,
    });
  }
}

/** Whether a version that was chosen a while ago still takes new work. */
export function isThere(models: Pick<JobModels, 'resolve'>, { package: { digest } }: Chosen): boolean {
  try {
    models.resolve(digest);
    return true;
  } catch (error) {
    if (isApiProblem(error, 'unknown-model', 'model-retired')) return false;
    throw error;
  }
}

/** The version that is challenger now, if one is. */
export function challengerOf(models: Pick<JobModels, 'resolve'>): string | undefined {
  try {
    return models.resolve('challenger').package.digest;
  } catch (error) {
    if (isApiProblem(error, 'unknown-model')) return undefined;
    throw error;
  }
}

/** What a job keeps of the version that it runs with. */
export function modelRef({ package: { name, version, digest }, alias }: Chosen): ModelRef {
  return { name, version, digest, ...(alias !== undefined && { alias }) };
}

const MOST_SHOWN = 200;

import type { z } from 'zod';
import { ApiProblem } from './problem.ts';

/** What would have been right; the schemas say it to programs, this to people. */
const REMEDIES: Readonly<Record<string, string>> = {
  threshold: 'a number from 0 to 1, once',
  output: 'labels or affinities',
  scoring: 'mean, max or hist1 to hist99',
};

/**
 * The problem of a query that its schema refuses, in our words instead of the validator's.
 * @param valueOf the text of a parameter, several with commas between
 */
export function wrongParameter(
  issue: z.core.$ZodIssue | undefined,
  valueOf: (name: string) => string,
): ApiProblem {
  if (issue?.code === 'unrecognized_keys') {
    const field = issue.keys.join(', ');
    return new ApiProblem(
      'invalid-parameter',
      `There is no query parameter ${field}; those that there are stand in /openapi.json.`,
      { field },
    );
  }
  const field = String(issue?.path[0] ?? '');
  return new ApiProblem(
    'invalid-parameter',
    `The query parameter ${field} is '${shortened(valueOf(field))}'; give ${REMEDIES[field] ?? 'what /openapi.json says'}.`,
    { field },
  );
}

/** Whatever a hostile query holds must not flood a log. */
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);

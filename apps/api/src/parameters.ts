import type { z } from 'zod';
import { ApiProblem } from './problem.ts';

/** What would have been right; the schemas say it to programs, this to people. */
const REMEDIES: Readonly<Record<string, string>> = {
  threshold: 'a number from 0 to 1, once',
  scoring: 'mean, max or hist1 to hist99',
  limit: 'a whole number from 1 to 1000',
  cursor: 'the `next` of the page before',
  model: 'the digest, alias or name of a model',
  challenger: 'the digest of a model',
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
    `The query parameter ${field} is '${shortened(valueOf(field))}'; give ${remedyOf(issue, field)}.`,
    { field },
  );
}

function remedyOf(issue: z.core.$ZodIssue | undefined, field: string): string {
  if (issue?.code !== 'invalid_value') return REMEDIES[field] ?? 'what /openapi.json says';
  const values = issue.values.map(String);
  return [values.slice(0, -1).join(', '), ...values.slice(-1)].filter((part) => part !== '').join(' or ');
}

/** A cursor is the id of the last entry of the page before, and nothing else. */
export function checkCursor(cursor: string | undefined, id: RegExp): void {
  if (cursor === undefined || id.test(cursor)) return;
  throw new ApiProblem(
    'invalid-parameter',
    'The query parameter cursor is no cursor; give the `next` of the page before.',
    { field: 'cursor', value: shortened(cursor) },
  );
}

/** Whatever a hostile query holds must not flood a log. */
const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);

/** The problem of a JSON body that its schema refuses: where, and what the schema wants there. */
export function wrongBody(issue: z.core.$ZodIssue | undefined): ApiProblem {
  const path = (issue?.path ?? []).map(String);
  const field = ['body', ...path].join('.');
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => [...path, key].join('.')).join(', ');
    return new ApiProblem(
      'invalid-body',
      `The body has no field ${names}; see /openapi.json for those it has.`,
      {
        field: `body.${names}`,
      },
    );
  }
  const what =
    issue?.code === 'invalid_union' ? 'it fits none of the forms in /openapi.json' : issue?.message;
  return new ApiProblem(
    'invalid-body',
    `The field ${field} is wrong: ${(what ?? 'it is not what /openapi.json says').replace(/\.$/, '')}.`,
    { field },
  );
}

export function wrongHeader(
  issue: z.core.$ZodIssue | undefined,
  valueOf: (name: string) => string,
): ApiProblem {
  const field = String(issue?.path[0] ?? '');
  return new ApiProblem(
    'invalid-header',
    `The header ${field} is '${shortened(valueOf(field))}'; give what /openapi.json says.`,
    { field },
  );
}

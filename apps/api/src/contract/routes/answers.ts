import { z } from '@hono/zod-openapi';
import { codesOf, PROBLEM_MEDIA_TYPE } from '../problems.ts';
import { problemSchema } from '../schemas/index.ts';

/** What answers have in common. */
const requestId = z.object({ 'x-request-id': z.string() });

export const problem = (status: number, description: string) => ({
  description: `${description} (${codesOf(status).join(', ')})`,
  headers: requestId,
  content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
});

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  headers: requestId,
  content: { 'application/json': { schema } },
});

export const empty = (description: string) => ({ description, headers: requestId });

/** A JSON answer to a request that made something, which is found at `location`. */
export const created = <T extends z.ZodType>(schema: T, description: string) => ({
  ...json(schema, description),
  headers: requestId.extend({ location: z.string() }),
});

export const binary = z.any().openapi({ type: 'string', format: 'binary' });

export const retryAfter = () =>
  requestId.extend({ 'retry-after': z.string().openapi({ description: 'Seconds.' }) });

/** What every route that needs a key can answer. */
export const keyed = {
  401: problem(401, 'The server has keys, and none that is valid was sent as `Authorization: Bearer KEY`'),
  403: problem(403, 'The key is valid, but not for this'),
};

/** What every route with a JSON body can answer. */
export const jsonRefused = {
  400: problem(400, 'The request is not what it should be'),
  413: problem(413, 'Too large'),
  415: problem(415, 'Not JSON'),
};

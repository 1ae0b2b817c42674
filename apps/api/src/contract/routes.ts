/**
 * The contract: routes as data, with nothing of a runtime in it, so that every server which implements it declares
 * the same one. Validation, the OpenAPI document and the typed client all follow from here.
 */
import { createRoute, z } from '@hono/zod-openapi';
import { codesOf, PROBLEM_MEDIA_TYPE } from './problems.ts';
import {
  healthSchema,
  indexSchema,
  problemSchema,
  readySchema,
  segmentHeadersSchema,
  segmentQuerySchema,
} from './schemas.ts';

export const NPY_MEDIA_TYPES = ['application/x-npy', 'application/octet-stream'] as const;

const requestId = z.object({ 'x-request-id': z.string() });

const problem = (status: number, description: string) => ({
  description: `${description} (${codesOf(status).join(', ')})`,
  headers: requestId,
  content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
});

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  headers: requestId,
  content: { 'application/json': { schema } },
});

const binary = z.any().openapi({ type: 'string', format: 'binary' });

export const segmentRoute = createRoute({
  method: 'post',
  path: '/v1/segment',
  operationId: 'segment',
  tags: ['segmentation'],
  summary: 'Segment a small volume',
  description:
    'The volume comes in the body and its labels or affinities go back in one response. The body is an npy file ' +
    '(C or Fortran order) of shape [z, y, x], uint8, or float32 with grey values from 0 to 255. A volume smaller ' +
    'than a tile is mirror-padded; one below the smallest shape of the model (see /healthz) is refused.',
  request: {
    query: segmentQuerySchema,
    body: {
      required: true,
      content: {
        'application/x-npy': { schema: binary },
        'application/octet-stream': { schema: binary },
      },
    },
  },
  responses: {
    200: {
      description: 'An npy file.',
      headers: segmentHeadersSchema,
      content: { 'application/x-npy': { schema: binary } },
    },
    400: problem(400, 'The request is not what it should be'),
    408: problem(408, 'The body stopped coming'),
    413: problem(413, 'Too large'),
    415: problem(415, 'Not a body that is read here'),
    422: problem(422, 'An npy file, but not a volume that can be segmented'),
    429: {
      ...problem(429, 'All places are taken; come back after Retry-After seconds'),
      headers: retryAfter(),
    },
    500: problem(500, 'The server failed; the same request may succeed'),
    503: {
      ...problem(503, 'Starting or stopping; come back after Retry-After seconds'),
      headers: retryAfter(),
    },
  },
});

function retryAfter() {
  return requestId.extend({ 'retry-after': z.string().openapi({ description: 'Seconds.' }) });
}

export const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'health',
  tags: ['service'],
  summary: 'Is the process alive, and with which model',
  responses: { 200: json(healthSchema, 'Alive, and answering while volumes are segmented.') },
});

export const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'ready',
  tags: ['service'],
  summary: 'Should requests be sent here',
  responses: {
    200: json(readySchema, 'Yes.'),
    503: { ...problem(503, 'Not now'), headers: retryAfter() },
  },
});

export const indexRoute = createRoute({
  method: 'get',
  path: '/',
  operationId: 'index',
  tags: ['service'],
  summary: 'What is here',
  responses: { 200: json(indexSchema, 'Links to everything else.') },
});

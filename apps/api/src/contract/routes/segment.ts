import { createRoute } from '@hono/zod-openapi';
import { segmentHeadersSchema, segmentQuerySchema } from '../schemas/index.ts';
import { binary, keyed, problem, retryAfter } from './answers.ts';

export const NPY_MEDIA_TYPES = ['application/x-npy', 'application/octet-stream'] as const;

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
    ...keyed,
    408: problem(408, 'The body stopped coming'),
    409: problem(409, 'The version of the model is retired'),
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

import { createRoute, z } from '@hono/zod-openapi';
import {
  newSegmentationSchema,
  relabelSchema,
  segmentationListQuerySchema,
  segmentationListSchema,
  segmentationSchema,
} from '../schemas/index.ts';
import { created, empty, json, jsonRefused, keyed, problem, retryAfter } from './answers.ts';

const tags = ['segmentation'];
const params = z.object({ id: z.string().openapi({ param: { name: 'id', in: 'path' } }) });
const missing = { 404: problem(404, 'There is no such segmentation') };

const idempotency = z.object({
  'idempotency-key': z.string().min(1).max(255).optional().openapi({
    description: 'With the same key and body the same job is answered, however often the request is sent.',
  }),
  prefer: z.string().optional().openapi({
    description:
      '`wait` or `wait=SECONDS` (at most 60): answer when the job has finished, or the time is over.',
  }),
});

const jobAnswers = {
  200: json(segmentationSchema, 'The job, which has finished already.'),
  202: created(segmentationSchema, 'Accepted.'),
  ...jsonRefused,
  ...keyed,
  422: problem(422, 'Understood, but not possible'),
  429: {
    ...problem(429, 'Too many jobs are waiting; come back after Retry-After seconds'),
    headers: retryAfter(),
  },
  503: {
    ...problem(503, 'Starting or stopping; come back after Retry-After seconds'),
    headers: retryAfter(),
  },
  507: problem(507, 'No room'),
};

export const createSegmentationRoute = createRoute({
  method: 'post',
  path: '/v1/segmentations',
  operationId: 'createSegmentation',
  tags,
  summary: 'Segment a volume of any size',
  description:
    'A job: everything about it is checked now, the work is done block by block and survives a restart of the ' +
    'server. Poll `location`, follow `links.events`, or wait with `Prefer: wait`.',
  request: {
    headers: idempotency,
    body: { required: true, content: { 'application/json': { schema: newSegmentationSchema } } },
  },
  responses: {
    ...jobAnswers,
    404: problem(404, 'There is no such volume'),
    409: problem(409, 'The volume is not sealed, or the version of the model is retired'),
  },
});

export const listSegmentationsRoute = createRoute({
  method: 'get',
  path: '/v1/segmentations',
  operationId: 'listSegmentations',
  tags,
  summary: 'Jobs, newest first',
  request: { query: segmentationListQuerySchema },
  responses: {
    200: json(segmentationListSchema, 'One page.'),
    400: problem(400, 'A parameter is wrong'),
    ...keyed,
  },
});

export const getSegmentationRoute = createRoute({
  method: 'get',
  path: '/v1/segmentations/{id}',
  operationId: 'getSegmentation',
  tags,
  summary: 'How a job stands',
  request: { params },
  responses: { 200: json(segmentationSchema, 'The job.'), ...keyed, ...missing },
});

export const segmentationEventsRoute = createRoute({
  method: 'get',
  path: '/v1/segmentations/{id}/events',
  operationId: 'segmentationEvents',
  tags,
  summary: 'Follow a job',
  description:
    'Server-sent events, each with a SegmentationEvent as data, from the first or from behind `Last-Event-ID`. The ' +
    'stream ends when the job has finished.',
  request: { params, headers: z.object({ 'last-event-id': z.string().optional() }) },
  responses: {
    200: {
      ...empty('The events.'),
      content: { 'text/event-stream': { schema: z.string() } },
    },
    204: empty('The job has finished, and there is nothing behind Last-Event-ID.'),
    400: problem(400, 'Last-Event-ID is no number'),
    ...keyed,
    ...missing,
    429: jobAnswers[429],
  },
});

export const cancelSegmentationRoute = createRoute({
  method: 'post',
  path: '/v1/segmentations/{id}/cancel',
  operationId: 'cancelSegmentation',
  tags,
  summary: 'Stop a job',
  description:
    'What is finished of it stays, and `resume` goes on from there. Canceling again changes nothing.',
  request: { params },
  responses: {
    200: json(segmentationSchema, 'Canceled.'),
    ...keyed,
    ...missing,
    409: problem(409, 'It has finished already'),
  },
});

export const resumeSegmentationRoute = createRoute({
  method: 'post',
  path: '/v1/segmentations/{id}/resume',
  operationId: 'resumeSegmentation',
  tags,
  summary: 'Go on with a job that failed or was canceled',
  request: { params },
  responses: {
    202: created(segmentationSchema, 'Queued again.'),
    ...keyed,
    ...missing,
    409: problem(409, 'It has succeeded, or has not stopped'),
    429: jobAnswers[429],
    503: jobAnswers[503],
  },
});

export const relabelSegmentationRoute = createRoute({
  method: 'post',
  path: '/v1/segmentations/{id}/relabel',
  operationId: 'relabelSegmentation',
  tags,
  summary: 'Agglomerate a finished job again',
  description:
    'A new job at another threshold, scoring or minimum size. Fragments and their graph are taken over; the model is ' +
    'not asked again.',
  request: {
    params,
    headers: idempotency,
    body: { required: true, content: { 'application/json': { schema: relabelSchema } } },
  },
  responses: { ...jobAnswers, ...missing, 409: problem(409, 'The job has no result') },
});

export const deleteSegmentationRoute = createRoute({
  method: 'delete',
  path: '/v1/segmentations/{id}',
  operationId: 'deleteSegmentation',
  tags,
  summary: 'Delete a job, its artefacts and its result',
  request: { params },
  responses: {
    204: empty('Deleted.'),
    ...keyed,
    ...missing,
    409: problem(409, 'It has not finished, or another job that has not reads its result'),
  },
});

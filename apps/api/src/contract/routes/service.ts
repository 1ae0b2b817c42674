import { createRoute } from '@hono/zod-openapi';
import { healthSchema, indexSchema, readySchema } from '../schemas/index.ts';
import { json, problem, retryAfter } from './answers.ts';

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

import type { OpenAPIHono } from '@hono/zod-openapi';
import { createBase } from '../base.ts';
import { declareRoutes } from '../contract/index.ts';
import type { RequestLog } from '../observe.ts';
import { documentOf } from '../openapi.ts';
import { isApiProblem, type ApiProblem } from '../problem.ts';
import { goneOrUnforeseen } from '../unforeseen.ts';
import type { WorkerEnv } from './bindings.ts';
import type { Fetch } from './container/forward.ts';
import { authorize } from './keys.ts';
import { refuseLargeBody } from './limits.ts';
import { workerModelHandlers } from './routes/models.ts';
import { segmentHandler } from './routes/segment.ts';
import { segmentationHandlers } from './routes/segmentations.ts';
import { serviceHandlers } from './routes/service.ts';
import { workerVolumeHandlers } from './routes/volumes.ts';

export interface WorkerAppOptions {
  /** To the container. */
  readonly fetch: Fetch;
  readonly now?: () => number;
  readonly log?: (entry: RequestLog) => void;
}

/**
 * The API as a Worker serves it: volumes in a bucket, everything that computes in a container behind it.
 *
 * @example
 *     const app = createWorkerApp({ fetch });
 *     const response = await app.request('/v1/volumes', {}, env);
 */
export function createWorkerApp({ fetch, now = Date.now, log }: WorkerAppOptions): OpenAPIHono<WorkerEnv> {
  const app = createBase<WorkerEnv>({ toProblem, now, ...(log && { log }) });
  app.use(async (c, next) => {
    refuseLargeBody(c.req.raw);
    await next();
  });
  const handlers = {
    ...serviceHandlers(fetch),
    segment: segmentHandler(fetch),
    ...workerVolumeHandlers(fetch),
    ...segmentationHandlers(fetch),
    ...workerModelHandlers(fetch),
  };
  declareRoutes(app, handlers, authorize);
  app.get('/openapi.json', (c) => c.json(documentOf(app)));
  return app;
}

const toProblem = (error: unknown): ApiProblem => (isApiProblem(error) ? error : goneOrUnforeseen(error));

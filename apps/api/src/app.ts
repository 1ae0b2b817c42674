import type { OpenAPIHono } from '@hono/zod-openapi';
import { Admission } from './admission.ts';
import { createBase } from './base.ts';
import { declareRoutes, type Authorize } from './contract/index.ts';
import type { Env } from './environment.ts';
import { toProblem } from './failures.ts';
import { Gate } from './gate.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { documentOf } from './openapi.ts';
import type { ModelRegistry, RequestModels } from './models/types.ts';
import type { RequestLog } from './observe.ts';
import { ApiProblem } from './problem.ts';
import { modelHandlers } from './routes/models.ts';
import { segmentationHandlers } from './routes/segmentations.ts';
import { segmentHandler } from './routes/segment.ts';
import { serviceHandlers } from './routes/service.ts';
import { volumeHandlers } from './routes/volumes.ts';
import type { Segmentations } from './segmentations/types.ts';
import type { VolumeStore } from './volumes/types.ts';

export type { Env } from './environment.ts';
export type { RequestModels } from './models/types.ts';

export interface AppOptions {
  /** One that only resolves and acquires segments single requests; the routes of models then answer 503. */
  readonly registry: RequestModels | ModelRegistry;
  /** False while the server is stopping: `/v1/segment` and `/readyz` then answer 503. Default: never. */
  readonly ready?: () => boolean;
  /** False while no champion is loaded: `/readyz` then answers 503. Default: never. */
  readonly serving?: () => boolean;
  /** Without a store or jobs, their routes answer 503. */
  readonly volumes?: VolumeStore;
  readonly segmentations?: Segmentations;
  /** Refuses who has no key, and sets `owner`. Default: everybody is `anonymous`. */
  readonly authorize?: Authorize<Env>;
  readonly limits?: Partial<Limits>;
  /** Called once a request is answered. */
  readonly log?: (entry: RequestLog) => void;
  readonly now?: () => number;
}

/**
 * The API as a function from Request to Response: it opens no port and reads no environment.
 *
 * @example
 *     const app = createApp({ registry, volumes, segmentations });
 *     const response = await app.request('/healthz');
 */
export function createApp(options: AppOptions): OpenAPIHono<Env> {
  const { registry, ready = () => true, serving = () => true, log } = options;
  const { volumes = unserved(), segmentations = unserved() } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const now = options.now ?? (() => performance.now());
  const admission = new Admission(limits);
  const app = createBase<Env>({ toProblem, now, ...(log && { log }) });
  const handlers = {
    ...serviceHandlers<Env>({ registry, ready, serving, admission, now }),
    segment: segmentHandler<Env>({ registry, ready, limits, admission }),
    ...volumeHandlers<Env>(() => volumes, new Gate('uploads', limits.uploads)),
    ...segmentationHandlers<Env>(segmentations, new Gate('followers of jobs', limits.followers)),
    ...modelHandlers<Env>({
      registry: isWhole(registry) ? registry : unserved(),
      uploads: new Gate('uploads of models', MODEL_UPLOADS),
      bodyIdleMs: limits.bodyIdleMs,
    }),
  };
  declareRoutes(app, handlers, options.authorize ?? everybody);
  app.get('/openapi.json', (c) => c.json(documentOf(app)));
  return app;
}

/** Each unpacks an archive and runs a model beside those that work. */
const MODEL_UPLOADS = 2;

const isWhole = (registry: RequestModels | ModelRegistry): registry is ModelRegistry => 'list' in registry;

const everybody: Authorize<Env> = async (c) => c.set('owner', 'anonymous');

/** Stands for a service that an app was made without. */
const unserved = <T extends object>(): T =>
  new Proxy({} as T, {
    get: () => () => {
      throw new ApiProblem(
        'unavailable',
        'This server segments single requests only; start it with a data directory.',
      );
    },
  });

import type { OpenAPIHono, RouteConfig, RouteHandler } from '@hono/zod-openapi';
import type { Context, Env } from 'hono';
import { jsonBody } from './json-body.ts';
import {
  cancelSegmentationRoute,
  challengeModelRoute,
  changeDeploymentRoute,
  createSegmentationRoute,
  createVolumeRoute,
  deleteKeyRoute,
  deleteModelRoute,
  deleteSegmentationRoute,
  deleteVolumeRoute,
  getDeploymentRoute,
  getKeyRoute,
  getModelFileRoute,
  getModelRoute,
  getSegmentationRoute,
  getVolumeRoute,
  healthRoute,
  indexRoute,
  listComparisonsRoute,
  listModelsRoute,
  listSegmentationsRoute,
  listVolumesRoute,
  promoteModelRoute,
  putKeyRoute,
  readyRoute,
  relabelSegmentationRoute,
  resumeSegmentationRoute,
  retireModelRoute,
  rollBackRoute,
  sealVolumeRoute,
  segmentationEventsRoute,
  segmentRoute,
  uploadModelRoute,
} from './routes/index.ts';
import { segmentationEventSchema } from './schemas/index.ts';
import { SCOPE_OF, type Scope } from './scopes.ts';

type Raw<E extends Env> = (
  c: Context<E>,
  at: { readonly id: string; readonly key: string },
) => Promise<Response>;

/** What a server has to say to each operation. A server that forgets one does not compile. */
export interface Handlers<E extends Env> {
  readonly health: RouteHandler<typeof healthRoute, E>;
  readonly ready: RouteHandler<typeof readyRoute, E>;
  readonly index: RouteHandler<typeof indexRoute, E>;
  readonly segment: RouteHandler<typeof segmentRoute, E>;
  readonly createVolume: RouteHandler<typeof createVolumeRoute, E>;
  readonly listVolumes: RouteHandler<typeof listVolumesRoute, E>;
  readonly getVolume: RouteHandler<typeof getVolumeRoute, E>;
  readonly sealVolume: RouteHandler<typeof sealVolumeRoute, E>;
  readonly deleteVolume: RouteHandler<typeof deleteVolumeRoute, E>;
  /** Bodies here are streams, which no validator may touch; the handlers read them themselves. HEAD comes as GET. */
  readonly putKey: Raw<E>;
  readonly getKey: Raw<E>;
  readonly deleteKey: Raw<E>;
  readonly createSegmentation: RouteHandler<typeof createSegmentationRoute, E>;
  readonly listSegmentations: RouteHandler<typeof listSegmentationsRoute, E>;
  readonly getSegmentation: RouteHandler<typeof getSegmentationRoute, E>;
  readonly segmentationEvents: RouteHandler<typeof segmentationEventsRoute, E>;
  readonly cancelSegmentation: RouteHandler<typeof cancelSegmentationRoute, E>;
  readonly resumeSegmentation: RouteHandler<typeof resumeSegmentationRoute, E>;
  readonly relabelSegmentation: RouteHandler<typeof relabelSegmentationRoute, E>;
  readonly deleteSegmentation: RouteHandler<typeof deleteSegmentationRoute, E>;
  readonly listModels: RouteHandler<typeof listModelsRoute, E>;
  /** The body is a stream, which no validator touches. */
  readonly uploadModel: RouteHandler<typeof uploadModelRoute, E>;
  readonly getModel: RouteHandler<typeof getModelRoute, E>;
  /** HEAD comes as GET. */
  readonly getModelFile: RouteHandler<typeof getModelFileRoute, E>;
  readonly promoteModel: RouteHandler<typeof promoteModelRoute, E>;
  readonly challengeModel: RouteHandler<typeof challengeModelRoute, E>;
  readonly retireModel: RouteHandler<typeof retireModelRoute, E>;
  readonly deleteModel: RouteHandler<typeof deleteModelRoute, E>;
  readonly getDeployment: RouteHandler<typeof getDeploymentRoute, E>;
  readonly changeDeployment: RouteHandler<typeof changeDeploymentRoute, E>;
  readonly rollBack: RouteHandler<typeof rollBackRoute, E>;
  readonly listComparisons: RouteHandler<typeof listComparisonsRoute, E>;
}

/** Refuses a request that has no key for a scope, by throwing. It runs before validation and before a body is read. */
export type Authorize<E extends Env> = (c: Context<E>, scope: Scope) => Promise<void>;

/**
 * Declares every route of the contract on an app, in one order: servers that use it have the same OpenAPI document.
 *
 * @example
 *     declareRoutes(new OpenAPIHono(), handlers, async () => {});
 */
export function declareRoutes<E extends Env>(
  app: OpenAPIHono<E>,
  handlers: Handlers<E>,
  authorize: Authorize<E>,
): void {
  const guard = (route: RouteConfig & { readonly path: string }, pattern: string): void => {
    const scope = SCOPE_OF[route.operationId ?? ''];
    if (scope === undefined) return;
    app.on(route.method.toUpperCase(), pattern, async (c, next) => {
      await authorize(c, scope);
      await next();
    });
  };
  const declare = <R extends RouteConfig & { getRoutingPath(): string }>(
    route: R,
    handler: RouteHandler<R, E>,
  ): void => {
    guard(route, route.getRoutingPath());
    if (takesJson(route)) {
      const required = route.request?.body?.required === true;
      app.on(route.method.toUpperCase(), route.getRoutingPath(), jsonBody({ required }));
    }
    app.openapi(route, handler);
  };
  const raw = (route: RouteConfig, handler: Raw<E>): void => {
    const pattern = '/v1/volumes/:id/:key{.+}';
    guard(route, pattern);
    app.openAPIRegistry.registerPath(route);
    app.on(route.method.toUpperCase(), pattern, (c) => {
      const { id, key } = c.req.param();
      return handler(c, { id, key });
    });
  };
  declare(healthRoute, handlers.health);
  declare(readyRoute, handlers.ready);
  declare(indexRoute, handlers.index);
  declare(segmentRoute, handlers.segment);
  declare(createVolumeRoute, handlers.createVolume);
  declare(listVolumesRoute, handlers.listVolumes);
  declare(getVolumeRoute, handlers.getVolume);
  declare(sealVolumeRoute, handlers.sealVolume);
  declare(deleteVolumeRoute, handlers.deleteVolume);
  raw(putKeyRoute, handlers.putKey);
  raw(getKeyRoute, handlers.getKey);
  raw(deleteKeyRoute, handlers.deleteKey);
  declare(createSegmentationRoute, handlers.createSegmentation);
  declare(listSegmentationsRoute, handlers.listSegmentations);
  declare(getSegmentationRoute, handlers.getSegmentation);
  declare(segmentationEventsRoute, handlers.segmentationEvents);
  declare(cancelSegmentationRoute, handlers.cancelSegmentation);
  declare(resumeSegmentationRoute, handlers.resumeSegmentation);
  declare(relabelSegmentationRoute, handlers.relabelSegmentation);
  declare(deleteSegmentationRoute, handlers.deleteSegmentation);
  declare(listModelsRoute, handlers.listModels);
  declare(uploadModelRoute, handlers.uploadModel);
  declare(getModelRoute, handlers.getModel);
  declare(getModelFileRoute, handlers.getModelFile);
  declare(promoteModelRoute, handlers.promoteModel);
  declare(challengeModelRoute, handlers.challengeModel);
  declare(retireModelRoute, handlers.retireModel);
  declare(deleteModelRoute, handlers.deleteModel);
  declare(getDeploymentRoute, handlers.getDeployment);
  declare(changeDeploymentRoute, handlers.changeDeployment);
  declare(rollBackRoute, handlers.rollBack);
  declare(listComparisonsRoute, handlers.listComparisons);
  // Streams of events have no schema in OpenAPI 3.1; clients find the type of their data here.
  app.openAPIRegistry.register('SegmentationEvent', segmentationEventSchema);
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key. A server without keys, which listens on loopback only, asks for none.',
  });
}

const takesJson = ({ request }: RouteConfig): boolean =>
  Object.keys(request?.body?.content ?? {}).includes('application/json');

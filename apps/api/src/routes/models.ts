import type { Context } from 'hono';
import { PACKAGE_MEDIA_TYPE, type Handlers } from '../contract/index.ts';
import type { Env } from '../environment.ts';
import type { Gate } from '../gate.ts';
import type { ModelRegistry } from '../models/types.ts';
import { ApiProblem } from '../problem.ts';
import { watchedBody } from '../watched-body.ts';
import { checkBodyHeaders } from './body-headers.ts';
import { modelFileResponse } from './model-file.ts';

type ModelHandlers<E extends Env> = Pick<
  Handlers<E>,
  | 'listModels'
  | 'uploadModel'
  | 'getModel'
  | 'getModelFile'
  | 'promoteModel'
  | 'challengeModel'
  | 'retireModel'
  | 'deleteModel'
  | 'getDeployment'
  | 'changeDeployment'
  | 'rollBack'
  | 'listComparisons'
>;

export interface ModelRouteOptions {
  readonly registry: ModelRegistry;
  /** Packages that are taken in at once: each is unpacked, and its model run. */
  readonly uploads: Gate;
  /** An upload that sends nothing for so long is given up. */
  readonly bodyIdleMs: number;
}

/** Versions of models and their aliases over HTTP. */
export function modelHandlers<E extends Env>({
  registry,
  uploads,
  bodyIdleMs,
}: ModelRouteOptions): ModelHandlers<E> {
  /** Who asks, for the history. */
  const by = (c: Context<E>) => c.get('owner');
  return {
    listModels: (c) => c.json(registry.list(c.req.valid('query')), 200),
    uploadModel: async (c) => {
      const { headers, body, signal } = c.req.raw;
      checkBodyHeaders(headers, {
        types: [PACKAGE_MEDIA_TYPE],
        what: 'zip',
        remedy: `send a model package, zipped as \`zip -0 -r ../model.zip .\` in its directory does, as ${PACKAGE_MEDIA_TYPE}`,
      });
      const length = lengthOf(headers);
      if (body === null || length === 0) throw missing();
      const leave = uploads.enter();
      try {
        const archive = watchedBody(body, { length, idleMs: bodyIdleMs, signal, missing });
        const { model, created } = await registry.upload(archive, { by: by(c), length, signal });
        return c.json(model, created ? 201 : 200, { location: model.links.self });
      } finally {
        leave();
      }
    },
    getModel: (c) => c.json(registry.get(c.req.valid('param').model), 200),
    getModelFile: (c) => {
      const { model, file } = c.req.valid('param');
      return modelFileResponse(c.req.raw, file, registry.file(model, file));
    },
    promoteModel: async (c) => {
      const request = { ...c.req.valid('json'), by: by(c) };
      return c.json(await registry.promote(c.req.valid('param').model, request, c.req.raw.signal), 200);
    },
    challengeModel: async (c) => {
      const request = { ...c.req.valid('json'), by: by(c) };
      return c.json(await registry.challenge(c.req.valid('param').model, request, c.req.raw.signal), 200);
    },
    retireModel: async (c) => c.json(await registry.retire(c.req.valid('param').model), 200),
    deleteModel: async (c) => {
      await registry.delete(c.req.valid('param').model);
      return c.body(null, 204);
    },
    getDeployment: (c) => c.json(registry.deployment(), 200),
    changeDeployment: async (c) => c.json(await registry.change({ ...c.req.valid('json'), by: by(c) }), 200),
    rollBack: async (c) =>
      c.json(await registry.rollBack({ ...c.req.valid('json'), by: by(c) }, c.req.raw.signal), 200),
    listComparisons: (c) => c.json(registry.comparisons(c.req.valid('query')), 200),
  };
}

function lengthOf(headers: Headers): number | undefined {
  const length = headers.get('content-length');
  return length === null ? undefined : Number(length);
}

const missing = (): ApiProblem =>
  new ApiProblem(
    'body-missing',
    'The body is empty; send a zip of a model package, as `curl --data-binary @model.zip` does.',
    { field: 'body' },
  );

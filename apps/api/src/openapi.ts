import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from './environment.ts';
import { VERSION } from './version.ts';

/** What `getOpenAPI31Document` gives, as far as we use it. */
export type OpenApiDocument = ReturnType<OpenAPIHono<Env>['getOpenAPI31Document']>;

export function documentOf<E extends Env>(app: OpenAPIHono<E>): OpenApiDocument {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'TokenUnify',
      version: VERSION,
      description:
        'Neuron segmentation of electron-microscopy volumes. Axes are always (z, y, x), x fastest. Errors are ' +
        '`application/problem+json` with a stable `type` and `code`; every response has an `x-request-id`.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    // a server without keys asks for none
    security: [{ key: [] }, {}],
    tags: [
      { name: 'segmentation', description: 'Volumes in, neurons out.' },
      { name: 'volumes', description: 'Stored volumes: Zarr over HTTP.' },
      { name: 'models', description: 'Versions of models, and which of them answers.' },
      { name: 'service', description: 'What operators and load balancers ask.' },
    ],
  });
}

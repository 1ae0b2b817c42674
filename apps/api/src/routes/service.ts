import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Admission } from '../admission.ts';
import type { Env } from '../app.ts';
import { healthRoute, indexRoute, readyRoute } from '../contract/index.ts';
import { ApiProblem } from '../problem.ts';
import type { ModelSummary, Segmenter } from '../segmenter/types.ts';
import { VERSION } from '../version.ts';

export interface ServiceRouteOptions {
  readonly segmenter: Segmenter;
  readonly admission: Admission;
  /** Milliseconds since some fixed moment. */
  readonly now: () => number;
}

/** What operators and load balancers ask. */
export function mountService(
  app: OpenAPIHono<Env>,
  { segmenter, admission, now }: ServiceRouteOptions,
): void {
  const started = now();
  app.openapi(healthRoute, (c) =>
    c.json(
      {
        status: 'ok' as const,
        version: VERSION,
        uptimeSeconds: Math.round(now() - started) / 1000,
        model: modelJson(segmenter.model),
        running: admission.running,
        waiting: admission.waiting,
      },
      200,
    ),
  );
  app.openapi(readyRoute, (c) => {
    if (!segmenter.ready) throw unavailable();
    return c.json({ status: 'ready' as const }, 200);
  });
  app.openapi(indexRoute, (c) =>
    c.json(
      {
        name: 'TokenUnify: neuron segmentation of EM volumes',
        version: VERSION,
        links: { segment: '/v1/segment', contract: '/openapi.json', health: '/healthz', ready: '/readyz' },
      },
      200,
    ),
  );
}

export const unavailable = (): ApiProblem =>
  new ApiProblem('unavailable', 'The server is starting or stopping; send the request again in 5 s.', {
    headers: { 'retry-after': '5' },
  });

type Triple = [number, number, number];

const modelJson = ({ name, version, digest, preset, tileShape, minimumShape, voxelSize }: ModelSummary) => ({
  name,
  version,
  digest,
  preset,
  tileShape: [...tileShape] satisfies Triple,
  minimumShape: [...minimumShape] satisfies Triple,
  ...(voxelSize && { voxelSize: [...voxelSize] satisfies Triple }),
});

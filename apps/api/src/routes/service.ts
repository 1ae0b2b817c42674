import type { Admission } from '../admission.ts';
import type { Handlers } from '../contract/index.ts';
import type { Env } from '../environment.ts';
import { ApiProblem } from '../problem.ts';
import type { RequestModels } from '../models/types.ts';
import type { ModelSummary } from '../segmenter/types.ts';
import { VERSION } from '../version.ts';
import { INDEX } from './index-page.ts';

export interface ServiceRouteOptions {
  readonly registry: Pick<RequestModels, 'resolve'>;
  /** False while the server is stopping. */
  readonly ready: () => boolean;
  /** False while no champion is loaded. */
  readonly serving: () => boolean;
  readonly admission: Admission;
  /** Milliseconds since some fixed moment. */
  readonly now: () => number;
}

/** What operators and load balancers ask. */
export function serviceHandlers<E extends Env>({
  registry,
  ready,
  serving,
  admission,
  now,
}: ServiceRouteOptions): Pick<Handlers<E>, 'health' | 'ready' | 'index'> {
  const started = now();
  return {
    health: (c) =>
      c.json(
        {
          status: 'ok' as const,
          version: VERSION,
          uptimeSeconds: Math.round(now() - started) / 1000,
          model: modelJson(registry.resolve('champion').package),
          running: admission.running,
          waiting: admission.waiting,
        },
        200,
      ),
    ready: (c) => {
      if (!ready()) throw unavailable();
      if (!serving()) throw noChampion();
      return c.json({ status: 'ready' as const }, 200);
    },
    index: (c) => c.json(INDEX, 200),
  };
}

export const unavailable = (): ApiProblem =>
  new ApiProblem('unavailable', 'The server is starting or stopping; send the request again in 5 s.', {
    headers: { 'retry-after': '5' },
  });

const noChampion = (): ApiProblem =>
  new ApiProblem(
    'unavailable',
    'The champion could not be loaded; upload its package again with POST /v1/models, promote another version, or roll back.',
    { headers: { 'retry-after': '5' } },
  );

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

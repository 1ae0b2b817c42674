import type { Env } from '../environment.ts';
import { ApiProblem } from '../problem.ts';

/** What an operator gives the Worker: a bucket, and the container it stands in front of. */
export interface Bindings {
  readonly VOLUMES?: R2Bucket;
  /** Origin of the container, without a slash at its end. */
  readonly CONTAINER_URL?: string;
  /** A key of the container with every scope; with it the container also reads volumes back through the Worker. */
  readonly CONTAINER_KEY?: string;
  /** Where the container reaches this Worker; default: wherever the request that makes a job came to. */
  readonly PUBLIC_ORIGIN?: string;
  /** JSON, as `npm run keys -- export` prints it. */
  readonly API_KEYS?: string;
  /** `true` for development: without API_KEYS, who has no key is let in. */
  readonly ALLOW_ANONYMOUS?: string;
}

export interface WorkerEnv extends Env {
  Bindings: Bindings;
}

type Required = 'VOLUMES' | 'CONTAINER_URL' | 'CONTAINER_KEY';

/** @throws ApiProblem `unavailable` that names the binding */
export function bound<N extends Required>(bindings: Bindings, name: N): NonNullable<Bindings[N]> {
  const value = bindings[name];
  if (value !== undefined && value !== '') return value;
  throw new ApiProblem(
    'unavailable',
    `This Worker has no ${name}; set it in wrangler.jsonc, or with \`wrangler secret put\`.`,
    { field: name },
  );
}

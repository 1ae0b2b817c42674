import type { Authorize } from '../contract/index.ts';
import { findExported } from '../keys/exported.ts';
import { authorizeWith, bearerOf, hashSecret, type FindKey } from '../keys/verify.ts';
import { ApiProblem } from '../problem.ts';
import type { Bindings, WorkerEnv } from './bindings.ts';

/** Who reads volumes with the container's own key: the container, for its jobs. */
export const CONTAINER = 'container';

/**
 * Lets in who has a key of the secret API_KEYS; the container with its own key, to read volumes; and everybody where an
 * operator said so and there are no keys. A Worker that was given neither lets nobody in.
 */
export const authorize: Authorize<WorkerEnv> = async (c, scope) => {
  if (scope === 'volumes:read' && (await isContainer(c.req.raw.headers, c.env))) {
    c.set('owner', CONTAINER);
  } else if (c.env.API_KEYS !== undefined && c.env.API_KEYS !== '') {
    await authorizeWith<WorkerEnv>(finder(c.env.API_KEYS))(c, scope);
  } else if (c.env.ALLOW_ANONYMOUS === 'true') {
    c.set('owner', 'anonymous');
  } else {
    throw new ApiProblem(
      'unavailable',
      'This Worker has no API keys, so it lets nobody in; set the secret API_KEYS to what `npm run keys -- export` prints.',
      { field: 'API_KEYS' },
    );
  }
};

/** Digests are compared, so the time it takes says nothing about the key. */
async function isContainer(headers: Headers, { CONTAINER_KEY }: Bindings): Promise<boolean> {
  const token = bearerOf(headers);
  if (token === undefined || CONTAINER_KEY === undefined || CONTAINER_KEY === '') return false;
  return (await hashSecret(token)) === (await hashSecret(CONTAINER_KEY));
}

/** The secret never changes while an isolate lives, and parsing it with every request would be waste. */
let parsed: { readonly text: string; readonly find: FindKey } | undefined;

function finder(text: string): FindKey {
  if (parsed?.text === text) return parsed.find;
  try {
    parsed = { text, find: findExported(text) };
    return parsed.find;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ApiProblem('unavailable', `The secret API_KEYS of this Worker cannot be used: ${why}`, {
      field: 'API_KEYS',
      cause,
    });
  }
}

import { ConfigError } from '../config.ts';
import type { Authorize } from '../contract/declare.ts';
import type { Env } from '../environment.ts';
import { ApiProblem } from '../problem.ts';
import type { KeyStore } from './store.ts';
import { authorizeWith } from './verify.ts';

export interface AccessPolicy {
  /** Whether requests need a key. */
  readonly keys: 'needed' | 'none';
  /** For the start of the server, one line. */
  readonly notice: string;
}

/**
 * Who may use a server. Without keys everybody who reaches it, so it must be reached from this machine only. Once a key
 * was created keys are needed, even if all are revoked: revoking the last one must not open the door.
 *
 * @throws ConfigError a host that others reach, and no keys
 */
export function accessPolicy({
  host,
  keyCount,
}: {
  readonly host: string;
  readonly keyCount: number;
}): AccessPolicy {
  if (keyCount > 0) return { keys: 'needed', notice: 'Requests need an API key.' };
  if (isLoopbackHost(host)) {
    return {
      keys: 'none',
      notice: `There are no API keys: everybody on this machine may use it, and nobody else reaches ${host}.`,
    };
  }
  throw new ConfigError(
    `--host (HOST) is "${host}", which others reach, and there are no API keys; create one with ` +
      '`npm run keys -- create --name NAME --all-scopes`, or listen on 127.0.0.1.',
  );
}

/** Names and addresses that only this machine answers to. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return /^(.+\.)?localhost\.?$/.test(name) || /^127(\.\d{1,3}){3}$/.test(name) || name === '::1';
}

/**
 * The policy of a server that runs: asks for keys from the moment there is one, also when it was created meanwhile.
 *
 * @example
 *     createApp({ registry, authorize: authorizeByStore(new KeyStore(db)) });
 */
export function authorizeByStore<E extends Env = Env>(
  store: Pick<KeyStore, 'find' | 'count'>,
  now: () => number = Date.now,
): Authorize<E> {
  const withKey = authorizeWith<E>((id) => store.find(id), now);
  return async (c, scope) => {
    if (store.count() > 0) return withKey(c, scope);
    // A web page can have its own name resolve to 127.0.0.1; then the browser of whoever visits it sends that name here.
    const { hostname } = new URL(c.req.url);
    if (!isLoopbackHost(hostname)) throw notFromThisMachine(hostname);
    c.set('owner', 'anonymous');
  };
}

const notFromThisMachine = (hostname: string): ApiProblem =>
  new ApiProblem(
    'forbidden',
    `The request is for the host ${hostname}, and this server has no API keys, so it answers to this machine's own names only; create a key, or use 127.0.0.1.`,
    { field: 'host', value: hostname },
  );

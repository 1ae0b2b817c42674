import { ApiProblem } from '../problem.ts';

/** A problem that another attempt would not mend; em-io's retries look at `retryable`. */
export class RemoteProblem extends ApiProblem {
  readonly retryable = false;
}

/**
 * One sentence for an address that is refused and for a name that does not exist: if they differed, whoever may submit
 * jobs could list the hosts of the network that the server is in. It names what was asked for, not where that led.
 */
export const notAllowed = (asked: URL, cause?: unknown): RemoteProblem =>
  new RemoteProblem(
    'url-not-allowed',
    `${asked.host} does not lead to an address that this server reads from; use a public one, or have its operator open the network with --allow-address.`,
    { field: 'input.url', value: asked.host, cause },
  );

export const notHttp = (url: URL): RemoteProblem =>
  new RemoteProblem('url-not-allowed', `The scheme ${url.protocol} is not read from; use http: or https:.`, {
    field: 'input.url',
    value: url.protocol,
  });

/** Without the URL, which holds what should not be in it. */
export const withCredentials = (): RemoteProblem =>
  new RemoteProblem(
    'url-not-allowed',
    'A URL with a user or password in it is not read from; use one without.',
    { field: 'input.url' },
  );

export const notUrl = (): RemoteProblem =>
  new RemoteProblem('url-not-allowed', 'That is no URL; use one like https://volumes.example/a.zarr.', {
    field: 'input.url',
  });

export const tooManyRedirects = (asked: URL, most: number): RemoteProblem =>
  new RemoteProblem(
    'volume-unreadable',
    `${asked.host} redirects more than ${most} times; use the URL that it leads to.`,
    { field: 'input.url', value: asked.host, limit: most },
  );

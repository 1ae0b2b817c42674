import { isIP } from 'node:net';
import { Agent, fetch, Headers, type HeadersInit } from 'undici';
import { inNetworks } from './networks.ts';
import { notAllowed, notHttp, notUrl, tooManyRedirects, withCredentials } from './refusal.ts';
import { allowing, guardedLookup, ownAddresses, Refused, systemResolve, type Resolve } from './resolve.ts';

export interface GuardOptions {
  /** Networks that are reached though they are not public, like `10.1.0.0/16`. */
  readonly allowAddresses?: readonly string[];
  /** An origin of any address, and the key it gets: it alone. */
  readonly trusted?: { readonly origin: string; readonly key: string };
  readonly resolve?: Resolve;
  /** Addresses of this machine, which are refused even when they are public; what the system says unless given. */
  readonly own?: () => readonly string[];
  /** ms to a connection, name included; 10 000 unless given. */
  readonly connectTimeout?: number;
  /** ms until the headers of an answer are there; 30 000 unless given. */
  readonly headersTimeout?: number;
  /** ms without a byte of a body; 30 000 unless given. */
  readonly bodyTimeout?: number;
  /** Bytes of the headers of an answer; 16 384 unless given. */
  readonly maxHeaderSize?: number;
  /** Connections to one origin; 16 unless given. */
  readonly connections?: number;
}

export interface GuardedFetch extends AsyncDisposable {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Ends its connections. */
  close(): Promise<void>;
}

const MOST_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** What belongs to one origin and must not follow to another. */
const SECRETS = ['authorization', 'cookie', 'proxy-authorization'];

/**
 * A `fetch` for URLs that strangers name: it reaches public addresses, and of others only those the operator opened.
 *
 * The address is checked where the connection is made, so a name cannot change its mind in between; each redirect is
 * checked like a first URL, and followed here whatever `init.redirect` says (for GET and HEAD; other methods get the
 * redirect as it is). Proxies of the environment are not used: they would resolve names themselves.
 *
 * @throws ApiProblem `url-not-allowed`, `volume-unreadable` (a circle of redirects), with `retryable: false`; undici's
 *   TypeError for what another attempt may mend
 * @example
 *     const guarded = createGuardedFetch({ allowAddresses: ['10.1.0.0/16'] });
 *     await openVolume('https://volumes.example/a.zarr', { http: { fetch: guarded } });
 */
export function createGuardedFetch(options: GuardOptions = {}): GuardedFetch {
  const { trusted, resolve = systemResolve, own = ownAddresses } = options;
  const allowed = allowing(inNetworks(options.allowAddresses ?? []), own);
  const guarded = agentOf(options, guardedLookup(resolve, allowed));
  const unguarded = agentOf(
    options,
    guardedLookup(resolve, () => true),
  );

  const hop = async (asked: URL, url: URL, init: RequestInit): Promise<Response> => {
    if (url.protocol !== 'http:' && url.protocol !== 'https:') throw notHttp(url);
    if (url.username !== '' || url.password !== '') throw withCredentials();
    const headers = headersOf(init);
    const isTrusted = url.origin === trusted?.origin;
    if (isTrusted) headers.set('authorization', `Bearer ${trusted?.key}`);
    // A literal address is connected to without a lookup.
    const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
    if (!isTrusted && isIP(literal) !== 0 && !allowed(literal)) throw notAllowed(asked);
    try {
      const dispatcher = isTrusted ? unguarded : guarded;
      const answer = await fetch(url, { ...(init as object), headers, redirect: 'manual', dispatcher });
      return answer as unknown as Response; // the platform's class is an older undici's
    } catch (error) {
      throw isRefused(error) ? notAllowed(asked, error) : error;
    }
  };

  const run = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { href, given } = partsOf(input, init);
    if (!URL.canParse(href)) throw notUrl();
    const asked = new URL(href);
    const follows = /^(get|head)$/i.test(given.method ?? 'GET');
    let url = asked;
    let at = given;
    for (let redirects = 0; ; redirects++) {
      const response = await hop(asked, url, at);
      const to = response.headers.get('location');
      if (!follows || to === null || !REDIRECTS.has(response.status)) return response;
      await response.body?.cancel();
      if (redirects === MOST_REDIRECTS) throw tooManyRedirects(asked, MOST_REDIRECTS);
      if (!URL.canParse(to, url.href)) throw notUrl();
      const next = new URL(to, url);
      if (next.origin !== url.origin) at = { ...at, headers: withoutSecrets(at) };
      url = next;
    }
  };
  const close = async (): Promise<void> => {
    await Promise.all([guarded.destroy(), unguarded.destroy()]);
  };
  return Object.assign(run, { close, [Symbol.asyncDispose]: close });
}

function agentOf(options: GuardOptions, lookup: ReturnType<typeof guardedLookup>): Agent {
  return new Agent({
    connect: { lookup, timeout: options.connectTimeout ?? 10_000 },
    headersTimeout: options.headersTimeout ?? 30_000,
    bodyTimeout: options.bodyTimeout ?? 30_000,
    maxHeaderSize: options.maxHeaderSize ?? 16_384,
    connections: options.connections ?? 16,
    allowH2: false, // its headers are not bounded by maxHeaderSize
  });
}

/** A Request of the platform is not one of undici's, so it is taken apart. */
function partsOf(input: string | URL | Request, init: RequestInit): { href: string; given: RequestInit } {
  if (typeof input === 'string' || input instanceof URL) return { href: String(input), given: init };
  if (input.body !== null)
    throw new TypeError('Give the body in init: that of a Request cannot be sent again.');
  const { method, headers, signal } = input;
  return { href: input.url, given: { method, headers: [...headers], signal, ...init } };
}

/** A fresh copy. */
const headersOf = ({ headers }: RequestInit): Headers => new Headers(headers as HeadersInit | undefined); // same forms

function withoutSecrets(init: RequestInit): [string, string][] {
  const headers = headersOf(init);
  for (const name of SECRETS) headers.delete(name);
  return [...headers];
}

/** However deep in the causes. Ports that the Fetch standard blocks are not worth another attempt either. */
function isRefused(error: unknown): boolean {
  for (let at: unknown = error; at instanceof Error; at = at.cause)
    if (at instanceof Refused || at.message === 'bad port') return true;
  return false;
}

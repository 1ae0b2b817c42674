/** One request, as it goes out. */
import { EmIoError } from '../errors.ts';
import type { HttpAddress } from './address.ts';
import { drain } from './body.ts';
import type { FetchInit, FetchLike, FetchResponse } from './options.ts';

const maxRedirects = 5;

/** Not compressed on the way: ranges and lengths are those of the stored bytes. */
const plain = { 'accept-encoding': 'identity' };

/**
 * @internal The headers of every request; names in lower case.
 * @throws `em-io/option` for what HTTP does not allow, without the value: it may be a key
 */
export function headersFor(
  address: HttpAddress,
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const headers: Record<string, string> = { ...plain };
  if (address.authorization !== undefined) headers['authorization'] = address.authorization;
  for (const [name, value] of Object.entries(given)) {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new EmIoError(
        'em-io/option',
        `The value of headers[${JSON.stringify(name)}] or its name has a character that HTTP does not allow; remove it.`,
      );
    }
    headers[name.toLowerCase()] = value;
  }
  return headers;
}

/** @internal What is sent, and by what. */
export interface Outgoing {
  readonly fetch: FetchLike | undefined;
  readonly url: string;
  /** For the origin of `url` alone. */
  readonly credentials: Record<string, string>;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** @internal Follows redirects; credentials stay with the origin they were given for, and https is never left. */
export async function send(outgoing: Outgoing): Promise<FetchResponse> {
  const { fetch = fetchGlobally, credentials, headers, body, signal } = outgoing;
  const { origin } = new URL(outgoing.url);
  let { url } = outgoing;
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, {
      method: body ? 'PUT' : 'GET',
      headers: { ...(new URL(url).origin === origin ? credentials : plain), ...headers },
      // What compress() and zarrita give lies in plain buffers, never in shared ones.
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      redirect: 'manual',
      signal,
    });
    const to = response.headers.get('location');
    const follow = (body ? [307, 308] : [301, 302, 303, 307, 308]).includes(response.status);
    if (!follow || to === null || !URL.canParse(to, url)) return response;
    const next = new URL(to, url);
    const downgraded = origin.startsWith('https:') && next.protocol !== 'https:';
    if (redirects === maxRedirects || downgraded || !/^https?:$/.test(next.protocol)) return response;
    await drain(response, () => {});
    url = next.href;
  }
}

function fetchGlobally(url: string, init: FetchInit): Promise<FetchResponse> {
  return fetch(url, init);
}

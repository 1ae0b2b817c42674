import { sleepFor } from './retry.ts';

export interface ClientOptions {
  /** The platform's unless given. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as `Authorization: Bearer KEY`. It appears in no message of an error. */
  readonly apiKey?: string;
  /**
   * How often a failed request is sent again where that is safe, 3 unless given: GET, PUT, DELETE, and POST with an
   * Idempotency-Key or of what may be done twice.
   */
  readonly retries?: number;
  /**
   * ms without an answer after which a request has failed, 100 000 unless given; what segments in one request, or loads a
   * model, may take any time.
   */
  readonly timeoutMs?: number;
  /** Waits between attempts, ms; rejects with the signal's reason. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** ms since 1970. */
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
  /** Makes the Idempotency-Key of a job that comes without one. */
  readonly newKey?: () => string;
}

/** @internal Everything decided. */
export interface Settings extends Required<Omit<ClientOptions, 'headers' | 'apiKey'>> {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What no message may show. */
  readonly secrets: readonly string[];
}

/** @throws TypeError for an address or a key that cannot be used; neither a key nor a password is repeated in it */
export function settingsOf(baseUrl: string, options: ClientOptions): Settings {
  if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))
    throw new TypeError(
      `The address of the API is ${JSON.stringify(baseUrl)}; write it as https://host or http://host:port.`,
    );
  const { username, password, search, hash } = new URL(baseUrl);
  if (username !== '' || password !== '' || search !== '' || hash !== '')
    throw new TypeError(
      'The address of the API has a user, a password, a query or a fragment; write it as https://host, and give a key as apiKey.',
    );
  const { apiKey, headers = {} } = options;
  // What fetch says of a header that it refuses repeats the header.
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey))
    throw new TypeError(
      'The API key is empty or has a character that no key has; copy it again, without quotes or line ends.',
    );
  return {
    baseUrl: baseUrl.replace(/\/+$/, ''),
    headers: { ...headers, ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) },
    secrets: [...(apiKey === undefined ? [] : [apiKey]), ...credentialsIn(headers)],
    // called as a function of nothing: a method of Window refuses another `this`
    fetch: options.fetch ?? ((request) => fetch(request)),
    retries: options.retries ?? 3,
    timeoutMs: options.timeoutMs ?? 100_000,
    sleep: options.sleep ?? sleepFor,
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    newKey: options.newKey ?? randomKey,
  };
}

/** Shorter values are no secrets, and taking them out would make nonsense of a sentence. */
const SHORTEST_SECRET = 6;

function credentialsIn(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers)
    .filter(([name]) => /^(authorization|proxy-authorization|cookie|.*(key|token|secret).*)$/i.test(name))
    .flatMap(([, value]) => value.split(/\s+/))
    .filter((part) => part.length >= SHORTEST_SECRET && !/^(bearer|basic|digest)$/i.test(part));
}

/** `crypto.randomUUID` is missing on pages that came over plain HTTP. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** HTTP locations: where keys are, and what of it may be shown. */
import { EmIoError } from '../errors.ts';

/** Whether a location is an `http:` or `https:` URL. */
export function isHttpLocation(location: string): boolean {
  return /^https?:\/\//i.test(location);
}

/**
 * A URL under which keys lie. Its query, a signature for one, goes with every request; neither it nor a user and password
 * are shown in messages.
 */
export interface HttpAddress {
  /** For messages and `location`: no user, no query. */
  readonly shown: string;
  /** `authorization` for the user and password of the URL. */
  readonly authorization?: string;
  /** What a text must not show. */
  readonly secrets: readonly string[];
  /** To request; a key starts with a slash, or is '' for the URL itself. */
  href(key: string): string;
}

/**
 * Splits `https://host/x.zarr:/inner`; a colon that is part of the path is written `%3A`.
 * @throws `em-io/option` for what is no URL
 */
export function parseHttpLocation(location: string): { address: HttpAddress; inner?: string } {
  if (!URL.canParse(location)) {
    throw new EmIoError(
      'em-io/option',
      `The location ${withoutCredentials(location)} is not a URL; write it as https://host/path/volume.zarr.`,
    );
  }
  const url = new URL(location);
  const colon = url.pathname.lastIndexOf(':/');
  const path = (colon < 0 ? url.pathname : url.pathname.slice(0, colon)).replace(/\/+$/, '');
  const user = url.username !== '' || url.password !== '';
  const credentials = user ? `${decode(url.username)}:${decode(url.password)}` : undefined;
  const base = url.origin + path;
  const address: HttpAddress = {
    shown: base,
    ...(credentials !== undefined && {
      authorization: `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`,
    }),
    secrets: [
      url.search.slice(1),
      ...[...url.searchParams.values()].flatMap((value) => [value, encodeURIComponent(value)]),
      url.password,
      decode(url.password),
    ],
    href: (key) => base + key.split('/').map(encodeURIComponent).join('/') + url.search,
  };
  return { address, ...(colon >= 0 && { inner: decode(url.pathname.slice(colon + 1)) }) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign stands for itself
  }
}

/** Any URL in a text without user, password and query. */
export function withoutCredentials(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi, '$1')
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1');
}

/** Shorter values are no secrets, and taking them out would make nonsense of a sentence. */
const shortestSecret = 6;

/** Takes secrets, and the query of any URL, out of a text made elsewhere. */
export function redact(text: string, secrets: readonly string[]): string {
  const longestFirst = secrets
    .filter((secret) => secret.length >= shortestSecret)
    .sort((a, b) => b.length - a.length);
  return longestFirst.reduce(
    (clean, secret) => clean.replaceAll(secret, '[redacted]'),
    withoutCredentials(text),
  );
}

/** A cause without secrets: the error itself, or one of its class's name with what may be told. */
export function redactCause(cause: unknown, secrets: readonly string[]): unknown {
  const text: string[] = [];
  let at: unknown = cause;
  for (let depth = 0; at instanceof Error && depth < 8; depth++, at = at.cause) {
    text.push(at.message, at.stack ?? '');
  }
  const told = text.join('\n');
  if (!(cause instanceof Error) || redact(told, secrets) === told) return cause;
  const clean = new Error(redact(cause.message, secrets));
  clean.name = cause.name;
  return clean;
}

import { parseNetwork } from '../remote/networks.ts';
import { TRUSTED_KEY } from './options.ts';
import { ConfigError, type Setting } from './values.ts';

/** Where remote volumes may come from, besides public addresses. */
export interface RemoteAccess {
  /** Networks like `10.1.0.0/16`. */
  readonly allowAddresses: readonly string[];
  /** An origin that may have any address, and gets the key. */
  readonly trusted?: TrustedOrigin;
}

export interface TrustedOrigin {
  /** Like `https://volumes.example`. */
  readonly origin: string;
  readonly key: string;
}

/** @throws ConfigError */
export function networks(label: string, texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    if (parseNetwork(text) === undefined) {
      throw new ConfigError(`${label} is "${text}"; give a network like 10.1.0.0/16 or fd00:1::/32.`);
    }
  }
  return texts;
}

/** @throws ConfigError */
export function trustedOrigin({ label, text }: Setting, key: string | undefined): TrustedOrigin | undefined {
  if (text === '' && key === undefined) return undefined;
  if (text === '') throw new ConfigError(`${TRUSTED_KEY} is set, and ${label} is not; set both or none.`);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const only = url && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (!url || !only) {
    throw new ConfigError(
      `${label} is not an origin; give one like https://volumes.example, without a path.`,
    );
  }
  // Visible ASCII: what a header may hold. The key itself is in no message.
  if (key === undefined || !/^[\x21-\x7e]+$/.test(key)) {
    throw new ConfigError(`${label} needs the key that it gets in ${TRUSTED_KEY}; set that to an API key.`);
  }
  return { origin: url.origin, key };
}

/** GET, GET of a range and PUT below one address; each answer is checked before it is believed. */
import { EmIoError } from '../errors.ts';
import type { HttpAddress } from './address.ts';
import { Attempts } from './attempts.ts';
import { drain, readBody } from './body.ts';
import { unexpected } from './failures.ts';
import type { HttpOptions } from './options.ts';
import { readRange, type RangeAnswer } from './part.ts';
import { rangeHeader, type ByteRange } from './range.ts';

/** @internal A key starts with a slash, or is '' for the address itself. */
export class HttpClient {
  readonly address: HttpAddress;
  readonly #attempts: Attempts;

  constructor(address: HttpAddress, options: HttpOptions) {
    this.address = address;
    this.#attempts = new Attempts(address, options);
  }

  /**
   * All of what is at a key; undefined where there is nothing (404).
   * @param limit bytes that it may have
   */
  async get(key: string, limit: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const shown = this.address.shown + key;
    return this.#attempts.run({
      ...{ action: 'read', key, headers: {}, signal },
      async use(response, touch) {
        if (response.status === 404) return drain(response, touch).then(() => undefined);
        if (response.status !== 200) throw unexpected(response, shown, 'the whole was asked for');
        const bytes = await readBody(response, limit, touch);
        if (bytes) return bytes;
        throw new EmIoError(
          'em-io/too-large',
          `${shown} has more bytes than the ${limit} that it may; check the address.`,
        );
      },
    });
  }

  /**
   * The bytes asked for, exactly; undefined where there is nothing (404).
   * @param fewerWillDo as many as there are are enough
   * @throws `em-io/truncated` where the whole is too short for them
   */
  async getRange(
    key: string,
    range: ByteRange,
    signal?: AbortSignal,
    fewerWillDo = false,
  ): Promise<RangeAnswer | undefined> {
    const shown = this.address.shown + key;
    return this.#attempts.run({
      ...{ action: 'read', key, headers: { range: rangeHeader(range) }, signal },
      use: (response, touch) =>
        response.status === 404
          ? drain(response, touch).then(() => undefined)
          : readRange({ response, touch, range, shown, fewerWillDo }),
    });
  }

  /** Stores bytes under a key. */
  async put(key: string, body: Uint8Array, signal?: AbortSignal): Promise<void> {
    const type = key.endsWith('.json') ? 'application/json' : 'application/octet-stream';
    await this.#attempts.run({
      ...{ action: 'write', key, headers: { 'content-type': type }, body, signal },
      use: drain,
    });
  }
}

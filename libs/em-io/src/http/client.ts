/** GET, GET of a range and PUT, each tried again while that can help, each answer checked before it is believed. */
import { EmIoError, isEmIoError, statusError } from '../errors.ts';
import { redact, redactCause, type HttpAddress } from './address.ts';
import { drain, readBody, readPart, readTail } from './body.ts';
import type { FetchInit, FetchResponse, HttpOptions } from './options.ts';
import { problemDetail } from './problem.ts';
import { readContentRange, rangeHeader, type ByteRange } from './range.ts';
import { isRetryable, longestRetryAfter, parseRetryAfter, retryDelay, sleepFor } from './retry.ts';
import { watched } from './watch.ts';

const defaultRetries = 5;
const defaultIdleTimeout = 30_000;
const maxRedirects = 5;

/** An upload may take as long as it would at this rate, bytes a ms, before it counts as idle: its progress is not seen. */
const slowestUpload = 32;

/** A server without Range support sends everything; so much of it is read for one range, and no more. */
const maxReadForRange = 256 * 2 ** 20;

/** A part of what is at a URL. */
export interface RangeAnswer {
  readonly bytes: Uint8Array;
  /** Bytes of the whole, where the server says so. */
  readonly total?: number;
  /** A strong entity tag, where the server gives one. */
  readonly tag?: string;
}

/** A failed attempt that another may mend; `error` is what to throw when there is none. */
class FailedAttempt extends Error {
  readonly error: (attempts: number) => EmIoError;
  readonly retryAfter: number | undefined;

  constructor(error: (attempts: number) => EmIoError, retryAfter?: number) {
    super('failed attempt');
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/** @internal Requests below one address. */
export class HttpClient {
  readonly address: HttpAddress;
  readonly #options: HttpOptions;
  readonly #headers: Record<string, string> = {};
  readonly #secrets: readonly string[];

  constructor(address: HttpAddress, options: HttpOptions) {
    this.address = address;
    this.#options = options;
    // Not compressed on the way: ranges and lengths are those of the stored bytes.
    this.#headers['accept-encoding'] = 'identity';
    if (address.authorization !== undefined) this.#headers['authorization'] = address.authorization;
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
        throw new EmIoError(
          'em-io/option',
          `The value of headers[${JSON.stringify(name)}] or its name has a character that HTTP does not allow; remove it.`,
        );
      }
      this.#headers[name.toLowerCase()] = value;
    }
    const values = Object.values(this.#headers).flatMap((value) => [value, ...value.split(/\s+/)]);
    this.#secrets = [...address.secrets, ...values.filter((value) => value !== 'identity')];
    const { retries } = options;
    if (retries !== undefined && !(Number.isSafeInteger(retries) && retries >= 0)) {
      throw new EmIoError('em-io/option', `retries is ${retries}, but must be an integer of 0 or more.`);
    }
  }

  /**
   * All of what is at a key; undefined where there is nothing (404).
   * @param limit bytes that it may have
   */
  async get(key: string, limit: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#retrying('read', key, signal, undefined, {}, async (response, touch) => {
      if (response.status === 404) return drain(response, touch).then(() => undefined);
      if (response.status !== 200) throw this.#unexpected(response, key, 'the whole was asked for');
      const bytes = await readBody(response, limit, touch);
      if (bytes) return bytes;
      throw new EmIoError(
        'em-io/too-large',
        `${this.#shown(key)} has more bytes than the ${limit} that it may; check the address.`,
      );
    });
  }

  /**
   * The bytes asked for, exactly; undefined where there is nothing (404).
   * @throws `em-io/truncated` where the whole is too short for them, unless fewer will do
   */
  async getRange(
    key: string,
    range: ByteRange,
    signal?: AbortSignal,
    fewerWillDo = false,
  ): Promise<RangeAnswer | undefined> {
    const header = { range: rangeHeader(range) };
    return this.#retrying('read', key, signal, undefined, header, async (response, touch) => {
      if (response.status === 404) return drain(response, touch).then(() => undefined);
      const tag = /^"/.test(response.headers.get('etag') ?? '') ? response.headers.get('etag') : null;
      const withTag = (answer: RangeAnswer) => ({ ...answer, ...(tag !== null && { tag }) });
      if (response.status === 416) {
        const total = readContentRange(response)?.total;
        await drain(response, touch);
        if (fewerWillDo && total === 0) return { bytes: new Uint8Array(0), total };
        throw this.#tooShort(key, range, total);
      }
      const answer =
        response.status === 206
          ? await this.#part(response, key, range, touch, fewerWillDo)
          : response.status === 200
            ? await this.#partOfWhole(response, key, range, touch)
            : undefined;
      if (!answer) throw this.#unexpected(response, key, 'a range was asked for');
      const wanted = 'suffixLength' in range ? range.suffixLength : range.length;
      if (answer.bytes.length < wanted && !fewerWillDo) throw this.#tooShort(key, range, answer.total);
      return withTag(answer);
    });
  }

  /** Stores bytes under a key. */
  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const type = key.endsWith('.json') ? 'application/json' : 'application/octet-stream';
    await this.#retrying('write', key, signal, bytes, { 'content-type': type }, drain);
  }

  /** An answer with status 206: it must be the range asked for, and have all its bytes. */
  async #part(
    response: FetchResponse,
    key: string,
    range: ByteRange,
    touch: () => void,
    fewerWillDo: boolean,
  ): Promise<RangeAnswer> {
    const got = readContentRange(response);
    const encoded = !/^(identity)?$/i.test(response.headers.get('content-encoding') ?? '');
    if (got?.start === undefined || got.stop === undefined || encoded) {
      throw this.#unexpected(
        response,
        key,
        encoded ? 'it is compressed' : 'it does not say which bytes these are',
      );
    }
    const wanted =
      'suffixLength' in range
        ? { start: (got.total ?? got.stop) - range.suffixLength, stop: got.total ?? got.stop }
        : { start: range.offset, stop: range.offset + range.length };
    if (wanted.start < 0 || (got.total !== undefined && wanted.stop > got.total)) {
      if (!fewerWillDo) throw this.#tooShort(key, range, got.total);
      wanted.start = Math.max(0, wanted.start);
      wanted.stop = Math.min(wanted.stop, got.total ?? wanted.stop);
    }
    if (got.start !== wanted.start || got.stop !== wanted.stop) {
      throw this.#unexpected(
        response,
        key,
        `bytes ${wanted.start} to ${wanted.stop} were asked for, and it sent ${got.start} to ${got.stop}`,
      );
    }
    const bytes = await readBody(response, got.stop - got.start, touch);
    if (bytes?.length !== got.stop - got.start) {
      const sent = bytes ? `only ${bytes.length} bytes` : 'more bytes';
      throw this.#noAnswer('read', key, new Error(`${sent} of the ${got.stop - got.start} announced came`));
    }
    return { bytes, ...(got.total !== undefined && { total: got.total }) };
  }

  /** An answer with status 200 to a Range request: the server knows no ranges, and what was asked for is cut out. */
  async #partOfWhole(
    response: FetchResponse,
    key: string,
    range: ByteRange,
    touch: () => void,
  ): Promise<RangeAnswer> {
    const announced = response.headers.get('content-length');
    const total = announced !== null && /^\d{1,15}$/.test(announced) ? Number(announced) : undefined;
    const reach = 'suffixLength' in range ? (total ?? 0) : range.offset + range.length;
    if (reach > maxReadForRange) {
      throw this.#unexpected(
        response,
        key,
        `bytes up to ${reach} would have to be read for a part of them, because it does not support Range requests`,
      );
    }
    if ('suffixLength' in range) return readTail(response, range.suffixLength, touch);
    const bytes = await readPart(response, range.offset, range.length, touch);
    return { bytes, ...(total !== undefined && { total }) };
  }

  async #retrying<T>(
    action: 'read' | 'write',
    key: string,
    signal: AbortSignal | undefined,
    body: Uint8Array | undefined,
    headers: Record<string, string>,
    use: (response: FetchResponse, touch: () => void) => Promise<T>,
  ): Promise<T> {
    const { retries = defaultRetries, sleep = sleepFor, random = Math.random } = this.#options;
    const idle = (this.#options.idleTimeout ?? defaultIdleTimeout) + (body?.length ?? 0) / slowestUpload;
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      try {
        return await watched(idle, signal, async (own, touch) => {
          const response = await this.#request(key, body, headers, own);
          touch();
          if (this.#isAnswer(response.status, action)) return use(response, touch);
          throw await this.#refusal(response, action, key, touch);
        });
      } catch (error) {
        signal?.throwIfAborted();
        const failed = error instanceof FailedAttempt ? error : this.#noAnswer(action, key, error);
        const wait = retryDelay(attempt, failed.retryAfter, random());
        if (attempt >= retries || wait > longestRetryAfter) throw failed.error(attempt + 1);
        await sleep(wait, signal);
      }
    }
  }

  #isAnswer(status: number, action: 'read' | 'write'): boolean {
    return (status >= 200 && status < 300) || (action === 'read' && (status === 404 || status === 416));
  }

  /** One request, with redirects; credentials stay with the origin they were given for. */
  async #request(
    key: string,
    body: Uint8Array | undefined,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<FetchResponse> {
    const request = this.#options.fetch ?? fetchGlobally;
    let url = this.address.href(key);
    const { origin } = new URL(url);
    for (let redirects = 0; ; redirects++) {
      const foreign = new URL(url).origin !== origin;
      const response = await request(url, {
        method: body ? 'PUT' : 'GET',
        headers: {
          ...(foreign ? { 'accept-encoding': 'identity' } : this.#headers),
          ...headers,
        },
        // compress() and zarrita give plain buffers, never shared ones
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

  async #refusal(
    response: FetchResponse,
    action: 'read' | 'write',
    key: string,
    touch: () => void,
  ): Promise<Error> {
    const { status } = response;
    const retryable = isRetryable(status);
    const now = (this.#options.now ?? Date.now)();
    const retryAfter = parseRetryAfter(response.headers.get('retry-after'), now);
    const text = await problemDetail(response, touch);
    const detail = text === undefined ? {} : { detail: redact(text, this.#secrets) };
    const error = statusError(status, action, this.#shown(key), { ...detail, retryable });
    return retryable ? new FailedAttempt(() => error, retryAfter) : error;
  }

  /** What an attempt ended with that was no answer; what cannot be mended by another attempt is thrown on. */
  #noAnswer(action: 'read' | 'write', key: string, error: unknown): FailedAttempt {
    const final = error instanceof Error && 'retryable' in error && error.retryable === false;
    if (isEmIoError(error) || final || (error instanceof Error && error.name === 'AbortError')) throw error;
    // fetch says only "fetch failed"; its cause has the reason, or, where several addresses were tried, the first one
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const first = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
    const reason = redact(first instanceof Error ? first.message : String(first), this.#secrets);
    return new FailedAttempt(
      (attempts) =>
        new EmIoError(
          'em-io/unreachable',
          `Cannot ${action} ${this.#shown(key)}: no whole answer came in ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} ` +
            `(${reason}); check the address and the network, and try again.`,
          { cause: redactCause(error, this.#secrets), retryable: true },
        ),
    );
  }

  #unexpected(response: FetchResponse, key: string, why: string): EmIoError {
    return new EmIoError(
      'em-io/http',
      `Cannot read ${this.#shown(key)}: the server's answer ${response.status} is not what was asked for (${why}); ` +
        'serve it by a server that supports Range requests.',
      { status: response.status, retryable: false },
    );
  }

  #tooShort(key: string, range: ByteRange, total: number | undefined): EmIoError {
    const wanted =
      'suffixLength' in range
        ? `the last ${range.suffixLength} bytes`
        : `bytes ${range.offset} to ${range.offset + range.length}`;
    return new EmIoError(
      'em-io/truncated',
      `${this.#shown(key)} is truncated: ${wanted} of it are needed, but there are ${total ?? 'fewer'}; copy it again.`,
    );
  }

  #shown(key: string): string {
    return this.address.shown + key;
  }
}

function fetchGlobally(url: string, init: FetchInit): Promise<FetchResponse> {
  return fetch(url, init);
}

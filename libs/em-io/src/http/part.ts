/** The part of a value that was asked for, from whatever the server answers. */
import { drain, readBody, readPart, readTail } from './body.ts';
import { tooShort, unexpected } from './failures.ts';
import type { FetchResponse } from './options.ts';
import { readContentRange, type ByteRange } from './range.ts';

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

/** @internal An answer to a Range request, and what it is about. */
export interface Asked {
  /** The URL, for messages. */
  readonly shown: string;
  readonly range: ByteRange;
  /** As many bytes as there are are enough. */
  readonly fewerWillDo: boolean;
  readonly response: FetchResponse;
  readonly touch: () => void;
}

/**
 * @internal The bytes asked for, exactly, unless fewer will do.
 * @throws `em-io/truncated`, `em-io/http`, an Error where less came than was announced
 */
export async function readRange(asked: Asked): Promise<RangeAnswer> {
  const { response, shown, range, touch, fewerWillDo } = asked;
  if (response.status === 416) {
    const total = readContentRange(response)?.total;
    await drain(response, touch);
    if (fewerWillDo && total === 0) return { bytes: new Uint8Array(0), total };
    throw tooShort(shown, range, total);
  }
  if (response.status !== 206 && response.status !== 200) {
    throw unexpected(response, shown, 'a range was asked for');
  }
  const answer = response.status === 206 ? await partial(asked) : await cutFromWhole(asked);
  const wanted = 'suffixLength' in range ? range.suffixLength : range.length;
  if (answer.bytes.length < wanted && !fewerWillDo) throw tooShort(shown, range, answer.total);
  const tag = response.headers.get('etag');
  return { ...answer, ...(tag?.startsWith('"') && { tag }) };
}

/** Status 206: it must be the range asked for, and have all its bytes. */
async function partial({ response, shown, range, touch, fewerWillDo }: Asked): Promise<RangeAnswer> {
  const got = readContentRange(response);
  const encoded = !/^(identity)?$/i.test(response.headers.get('content-encoding') ?? '');
  if (got?.start === undefined || got.stop === undefined || encoded) {
    throw unexpected(response, shown, encoded ? 'it is compressed' : 'it does not say which bytes these are');
  }
  const end = got.total ?? got.stop;
  const wanted =
    'suffixLength' in range
      ? { start: end - range.suffixLength, stop: end }
      : { start: range.offset, stop: range.offset + range.length };
  if (fewerWillDo) {
    wanted.start = Math.max(0, wanted.start);
    wanted.stop = Math.min(wanted.stop, end);
  } else if (wanted.start < 0 || (got.total !== undefined && wanted.stop > got.total)) {
    throw tooShort(shown, range, got.total);
  }
  if (got.start !== wanted.start || got.stop !== wanted.stop) {
    throw unexpected(
      response,
      shown,
      `bytes ${wanted.start} to ${wanted.stop} were asked for, and it sent ${got.start} to ${got.stop}`,
    );
  }
  const announced = got.stop - got.start;
  const bytes = await readBody(response, announced, touch);
  if (bytes?.length === announced) return { bytes, ...(got.total !== undefined && { total: got.total }) };
  const came = bytes ? `only ${bytes.length} bytes` : 'more bytes';
  throw new Error(`${came} of the ${announced} announced came`); // another attempt may bring them all
}

/** Status 200: the server knows no ranges, and what was asked for is cut out of everything. */
async function cutFromWhole({ response, shown, range, touch }: Asked): Promise<RangeAnswer> {
  const announced = response.headers.get('content-length');
  const total = announced !== null && /^\d{1,15}$/.test(announced) ? Number(announced) : undefined;
  const reach = 'suffixLength' in range ? (total ?? 0) : range.offset + range.length;
  if (reach > maxReadForRange) {
    throw unexpected(
      response,
      shown,
      `${reach} bytes would have to be read for a part of them, because it does not support Range requests`,
    );
  }
  if ('suffixLength' in range) return readTail(response, range.suffixLength, touch);
  const bytes = await readPart(response, range.offset, range.length, touch);
  return { bytes, ...(total !== undefined && { total }) };
}

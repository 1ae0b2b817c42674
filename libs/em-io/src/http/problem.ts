/** The sentence of a problem document (RFC 9457). */
import { readBody } from './body.ts';
import type { FetchResponse } from './options.ts';

const maxDocument = 64 * 1024;
const maxDetail = 500;

/** `detail`, else `title`, of a JSON answer, on one line; undefined where there is none. Reads the body. */
export async function problemDetail(response: FetchResponse, touch: () => void): Promise<string | undefined> {
  // A refusal is told even where its explanation breaks off.
  const body = await readBody(response, maxDocument, touch).catch(() => undefined);
  if (!body || !/\bjson\b/i.test(response.headers.get('content-type') ?? '')) return undefined;
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof document !== 'object' || document === null) return undefined;
    const told = 'detail' in document ? document.detail : 'title' in document ? document.title : undefined;
    if (typeof told !== 'string') return undefined;
    // A server's text ends up in terminals: no control characters.
    const line = told.replace(/[\p{Cc}\s]+/gu, ' ').trim();
    return line === '' ? undefined : line.slice(0, maxDetail);
  } catch {
    return undefined;
  }
}

import { ApiProblem } from '../problem.ts';
import { names } from '../volumes/etag.ts';
import { localFiles } from '../volumes/files.ts';
import { parseRange, resolveRange } from '../volumes/range.ts';
import { openValue, streamOf } from '../volumes/read.ts';

/** Types that a browser shows as text or a picture, and never runs: a package is what somebody uploaded. */
const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  md: 'text/markdown; charset=utf-8',
  png: 'image/png',
  txt: 'text/plain; charset=utf-8',
  yaml: 'application/yaml',
};

/** A stored file of a package. */
export interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * A file of a package as GET and HEAD answer it, with its sha256 as entity tag.
 *
 * @throws ApiProblem `model-file-not-found` when it was deleted meanwhile; `range-not-satisfiable`
 */
export async function modelFileResponse(
  { headers: asked, method }: Request,
  name: string,
  { path, bytes, sha256 }: StoredFile,
): Promise<Response> {
  const etag = `"${sha256}"`;
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    // an alias may be another version tomorrow
    'cache-control': 'no-cache',
    'content-type': TYPES[/\.(\w+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream',
    'x-content-type-options': 'nosniff',
  };
  if (names(asked.get('if-none-match') ?? '', etag, 'weak'))
    return new Response(null, { status: 304, headers });
  const whole = { ...headers, 'content-length': String(bytes) };
  // HEAD has no ranges (RFC 9110, 14.2)
  if (method === 'HEAD') return new Response(null, { headers: whole });
  const condition = asked.get('if-range');
  const range =
    condition === null || condition === etag ? parseRange(asked.get('range') ?? undefined) : undefined;
  if (bytes === 0 && range === undefined) return new Response(null, { headers: whole });
  const { start, end } = resolveRange(range, bytes);
  const opened = await openValue(localFiles, path);
  if (opened === undefined) throw gone(name);
  return new Response(streamOf(opened.file, start, end), {
    status: range === undefined ? 200 : 206,
    headers: {
      ...headers,
      'content-length': String(end - start + 1),
      ...(range !== undefined && { 'content-range': `bytes ${start}-${end}/${bytes}` }),
    },
  });
}

const gone = (name: string): ApiProblem =>
  new ApiProblem(
    'model-file-not-found',
    `The file ${name.slice(0, 100)} is not there any more: the version was deleted; upload its package again.`,
    { field: 'file', value: name.slice(0, 100) },
  );

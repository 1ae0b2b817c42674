/**
 * Every error of this library, one class with a stable code.
 *
 * | code | when | can a retry help |
 * |---|---|---|
 * | `em-io/not-found` | nothing is at the path | after the path is corrected |
 * | `em-io/exists` | `createVolume` would replace something | with `overwrite` or another path |
 * | `em-io/io` | the operating system refused (permission, a failing disk) | perhaps |
 * | `em-io/no-space` | the disk, the quota or the server (507) is full | after freeing space |
 * | `em-io/unreachable` | a server gave no whole answer, after all retries | yes, later |
 * | `em-io/http` | a server refused, or answered what was not asked; `status` | as `retryable` says |
 * | `em-io/unknown-format` | neither HDF5, Zarr nor npy, or a place that cannot be read or written | no |
 * | `em-io/damaged` | the file contradicts itself: not what its name says, broken metadata | no |
 * | `em-io/truncated` | fewer bytes than the header promises | after copying it again |
 * | `em-io/length-mismatch` | npy data longer or shorter than its header promises | no |
 * | `em-io/dataset-missing` | no dataset or array of that name | with another name |
 * | `em-io/dataset-ambiguous` | several could be meant | with a name |
 * | `em-io/filter-unsupported` | compressed with something that cannot be decoded here | after converting it |
 * | `em-io/dtype-unsupported` | float16, complex, text, structured, Python objects | after converting it |
 * | `em-io/dtype-mismatch` | an array written to a volume of another dtype | no |
 * | `em-io/axes` | not (z, y, x) or (c, z, y, x) | after transposing it |
 * | `em-io/box-outside` | a box that is not inside the volume | with another box |
 * | `em-io/shape-mismatch` | an array that does not fit its shape or box | no |
 * | `em-io/too-large` | more bytes than the limit given | with a higher limit or a smaller box |
 * | `em-io/chunk-unreadable` | one chunk cannot be decoded | no |
 * | `em-io/not-finite` | NaN or infinity | after replacing them |
 * | `em-io/out-of-range` | a value that the wanted dtype cannot hold | after relabelling |
 * | `em-io/option` | an argument that makes no sense | with another |
 * | `em-io/closed` | a volume used after `close()` | no |
 */
export type EmIoErrorCode =
  | 'em-io/not-found'
  | 'em-io/exists'
  | 'em-io/io'
  | 'em-io/no-space'
  | 'em-io/unreachable'
  | 'em-io/http'
  | 'em-io/unknown-format'
  | 'em-io/damaged'
  | 'em-io/truncated'
  | 'em-io/length-mismatch'
  | 'em-io/dataset-missing'
  | 'em-io/dataset-ambiguous'
  | 'em-io/filter-unsupported'
  | 'em-io/dtype-unsupported'
  | 'em-io/dtype-mismatch'
  | 'em-io/axes'
  | 'em-io/box-outside'
  | 'em-io/shape-mismatch'
  | 'em-io/too-large'
  | 'em-io/chunk-unreadable'
  | 'em-io/not-finite'
  | 'em-io/out-of-range'
  | 'em-io/option'
  | 'em-io/closed';

/** One clear sentence naming the file or field, the value, the limit and the remedy; `cause` is kept. */
export class EmIoError<Code extends EmIoErrorCode = EmIoErrorCode> extends Error {
  override readonly name = 'EmIoError';
  readonly code: Code;
  /** Whether the same call may succeed later with nothing changed; known for `em-io/unreachable`, `em-io/http`, `em-io/no-space`. */
  declare readonly retryable?: boolean; // declared: no member where it is not known
  /** The HTTP status of the answer, where there was one. */
  declare readonly status?: number;

  constructor(
    code: Code,
    message: string,
    options: { cause?: unknown; retryable?: boolean; status?: number } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    if (options.retryable !== undefined) this.retryable = options.retryable;
    if (options.status !== undefined) this.status = options.status;
  }
}

/**
 * Narrows anything caught to an error of this library, and to the codes given, if any.
 *
 * ```ts
 * try { await openVolume(path) } catch (error) {
 *   if (isEmIoError(error, 'em-io/not-found')) return undefined;
 *   throw error;
 * }
 * ```
 */
export function isEmIoError<Code extends EmIoErrorCode>(
  error: unknown,
  ...codes: Code[]
): error is EmIoError<Code> {
  // Widened, because `includes` of a narrow array refuses the wider code it is asked about.
  const wanted: readonly EmIoErrorCode[] = codes;
  return error instanceof EmIoError && (wanted.length === 0 || wanted.includes(error.code));
}

/** Wraps what the operating system threw; errors of this library and aborts pass through unchanged. */
export function ioError(error: unknown, action: string, path: string): unknown {
  if (isEmIoError(error) || (error instanceof Error && error.name === 'AbortError')) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return new EmIoError('em-io/not-found', `${path} does not exist.`, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const full = code === 'ENOSPC' ? 'its disk is full' : "the user's disk quota is used up";
    return new EmIoError(
      'em-io/no-space',
      `Cannot ${action} ${path}: ${full}; free some space and try again.`,
      {
        cause: error,
        retryable: false,
      },
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new EmIoError('em-io/io', `Cannot ${action} ${path}: ${reason}.`, { cause: error });
}

/**
 * What an HTTP status other than success means.
 * @param detail the sentence of the server's problem document, if it sent one
 */
export function statusError(
  status: number,
  action: string,
  url: string,
  told: { detail?: string; retryable: boolean },
): EmIoError {
  const detail = told.detail === undefined ? '' : ` (${told.detail.trim().replace(/[.;]+$/, '')})`;
  if (status === 507) {
    return new EmIoError(
      'em-io/no-space',
      `Cannot ${action} ${url}: the server has no space left${detail}; free some there and try again.`,
      { status, retryable: false },
    );
  }
  return new EmIoError(
    'em-io/http',
    `Cannot ${action} ${url}: the server answered ${status}${detail}; ${remedy(status, told.retryable)}.`,
    { status, retryable: told.retryable },
  );
}

function remedy(status: number, retryable: boolean): string {
  if (retryable) return 'try again later';
  if (status === 401 || status === 403) return 'check the credentials, which go into headers.authorization';
  if (status === 404) return 'check the address';
  if (status === 413) return 'write smaller chunks';
  return 'trying again as it is will not help';
}

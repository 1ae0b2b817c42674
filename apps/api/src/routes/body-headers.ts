import { ApiProblem } from '../problem.ts';

export interface AcceptedBody {
  readonly types: readonly string[];
  /** What to send instead, for people. */
  readonly remedy: string;
  /** What the body is, as `npy file`. */
  readonly what: string;
}

/**
 * What must be right of the headers of a binary body, before any of it is read.
 *
 * @throws ApiProblem `unsupported-content-type`, `unsupported-content-encoding`
 */
export function checkBodyHeaders(headers: Headers, { types, remedy, what }: AcceptedBody): void {
  const type = headers.get('content-type');
  const essence = type?.split(';')[0]?.trim().toLowerCase();
  if (essence === undefined || !types.includes(essence)) {
    throw new ApiProblem(
      'unsupported-content-type',
      `The content type is ${type?.slice(0, 100) ?? 'missing'}; ${remedy}.`,
      { field: 'content-type', value: type, limit: types, headers: { accept: types.join(', ') } },
    );
  }
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiProblem(
      'unsupported-content-encoding',
      `The content encoding is ${encoding.slice(0, 100)}; send the ${what} without compression.`,
      {
        field: 'content-encoding',
        value: encoding,
        limit: 'identity',
        headers: { 'accept-encoding': 'identity' },
      },
    );
  }
}

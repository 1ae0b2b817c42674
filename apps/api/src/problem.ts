import { PROBLEM_MEDIA_TYPE, PROBLEMS, problemType, type ProblemCode } from './contract/problems.ts';

export interface ProblemOptions {
  /** The parameter, header or part of the body. */
  readonly field?: string;
  /** What was sent. */
  readonly value?: unknown;
  /** What would have been right. */
  readonly limit?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/**
 * Something a caller should hear about: thrown anywhere in a request, answered as `application/problem+json`.
 * `message` is one sentence that names the field, the value, the limit and the remedy.
 */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, message: string, options: ProblemOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }

  toResponse(requestId: string): Response {
    const { field, value, limit, headers } = this.options;
    const [status, title] = PROBLEMS[this.code];
    const body = {
      type: problemType(this.code),
      title,
      status,
      code: this.code,
      // what a caller sent is part of it, and a log or a terminal is no place for control characters
      detail: this.message.replace(/\p{Cc}/gu, '\uFFFD'),
      requestId,
      ...(field !== undefined && { field }),
      ...(value !== undefined && { value }),
      ...(limit !== undefined && { limit }),
    };
    return new Response(JSON.stringify(body), {
      status,
      headers: { ...headers, 'content-type': PROBLEM_MEDIA_TYPE, 'cache-control': 'no-store' },
    });
  }
}

export function isApiProblem(error: unknown, ...codes: ProblemCode[]): error is ApiProblem {
  return error instanceof ApiProblem && (codes.length === 0 || codes.includes(error.code));
}

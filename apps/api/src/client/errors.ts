import type { components } from './generated/api.ts';

export type Problem = components['schemas']['Problem'];
export type ProblemCode = Problem['code'];

/** Where a request went; its body and credentials are not kept. */
export interface RequestSummary {
  readonly method: string;
  readonly url: string;
}

/** The server answered, and not with success. `retryAfterSeconds` is set when the same request may succeed later. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly requestId: string | undefined;
  /** Absent when something in between answered, and not the API. */
  readonly problem: Problem | undefined;
  readonly request: RequestSummary;
  readonly retryAfterSeconds: number | undefined;

  constructor(response: Response, problem: Problem | undefined, request: RequestSummary) {
    super(problem?.detail ?? `${request.method} ${request.url} was answered with ${response.status}.`);
    this.status = response.status;
    this.problem = problem;
    this.request = request;
    this.requestId = response.headers.get('x-request-id') ?? undefined;
    const after = Number(response.headers.get('retry-after') ?? NaN);
    this.retryAfterSeconds = Number.isFinite(after) ? after : undefined;
  }

  get code(): ProblemCode | undefined {
    return this.problem?.code;
  }
}

/** No answer: the server is not there, or the connection broke. A retry may help. */
export class ApiConnectionError extends Error {
  override readonly name = 'ApiConnectionError';
  readonly request: RequestSummary;

  constructor(request: RequestSummary, cause: unknown) {
    const reason =
      cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : cause;
    super(
      `${request.method} ${request.url} got no answer (${String(reason)}); is the server running there?`,
      { cause },
    );
    this.request = request;
  }
}

/** True for an answer of the API that is not success, with one of `codes` when any are given. */
export function isApiError(error: unknown, ...codes: ProblemCode[]): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  return codes.length === 0 || (error.code !== undefined && codes.includes(error.code));
}

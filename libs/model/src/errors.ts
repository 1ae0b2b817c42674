/**
 * Every error this library throws on purpose. `code` is stable: callers switch on it, the API maps it to a problem
 * type. Messages are one sentence that names the value, the limit and the remedy.
 */
export type ModelErrorCode =
  | 'model/shape'
  | 'model/preset'
  | 'model/parameters'
  | 'model/checkpoint'
  | 'model/engine'
  | 'model/onnx'
  | 'model/package'
  | 'model/inference'
  | 'model/config'
  /** The loss, its gradient or the weights are no longer numbers. */
  | 'model/diverged'
  | 'model/aborted';

export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: ModelErrorCode,
    message: string,
    options: { details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True for a `ModelError`, with one of `codes` when any are given. */
export function isModelError(error: unknown, ...codes: ModelErrorCode[]): error is ModelError {
  return error instanceof ModelError && (codes.length === 0 || codes.includes(error.code));
}

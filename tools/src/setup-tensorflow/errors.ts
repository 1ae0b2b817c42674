export type SetupErrorCode = 'setup-tensorflow/unavailable' | 'setup-tensorflow/failed';

/**
 * The one error of the set-up. `unavailable`: this machine lacks a prerequisite or the network, nothing is broken (exit
 * code 3). `failed`: something that should have worked did not (exit code 1).
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly code: SetupErrorCode;

  constructor(code: SetupErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): 1 | 3 {
    return this.code === 'setup-tensorflow/unavailable' ? 3 : 1;
  }
}

export const unavailable = (message: string, options?: { cause?: unknown }) =>
  new SetupError('setup-tensorflow/unavailable', message, options);

export const failed = (message: string, options?: { cause?: unknown }) =>
  new SetupError('setup-tensorflow/failed', message, options);

/** Narrows an unknown error to ours; with codes, to one of those. */
export function isSetupError(error: unknown, ...codes: SetupErrorCode[]): error is SetupError {
  return error instanceof SetupError && (codes.length === 0 || codes.includes(error.code));
}

type SetupCommand = 'setup-tensorflow' | 'setup-vulkan';
export type SetupErrorCode = `${SetupCommand}/${'unavailable' | 'failed'}`;

/**
 * The one error of the set-ups. `unavailable`: this machine is of another kind, lacks a prerequisite or the network, and
 * nothing is broken (exit code 3). `failed`: something that should have worked did not (exit code 1).
 */
export class SetupError extends Error {
  override readonly name = 'SetupError';
  readonly code: SetupErrorCode;

  constructor(code: SetupErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): 1 | 3 {
    return this.code.endsWith('/unavailable') ? 3 : 1;
  }
}

type Make = (message: string, options?: { cause?: unknown }) => SetupError;

/** The two errors of one command. */
export const setupErrors = (
  command: SetupCommand,
): { readonly unavailable: Make; readonly failed: Make } => ({
  unavailable: (message, options) => new SetupError(`${command}/unavailable`, message, options),
  failed: (message, options) => new SetupError(`${command}/failed`, message, options),
});

/** Narrows an unknown error to ours; with codes, to one of those. */
export function isSetupError(error: unknown, ...codes: SetupErrorCode[]): error is SetupError {
  return error instanceof SetupError && (codes.length === 0 || codes.includes(error.code));
}

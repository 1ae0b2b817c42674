/** What a command refuses, in one sentence that names the option or file, the value and the remedy. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** `trainer/manifest`: an entry of annotations.json is wrong. */
  readonly code: 'trainer/usage' | 'trainer/data' | 'trainer/run' | 'trainer/manifest';
  /** Of the process. */
  readonly exitCode: number;

  constructor(code: CommandError['code'], message: string, cause?: unknown, exitCode = 1) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.exitCode = exitCode;
  }
}

/** True for a `CommandError`, with one of `codes` when any are given. */
export function isCommandError(error: unknown, ...codes: CommandError['code'][]): error is CommandError {
  return error instanceof CommandError && (codes.length === 0 || codes.includes(error.code));
}

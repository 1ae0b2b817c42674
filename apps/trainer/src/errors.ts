/** What a command refuses, in one sentence that names the option or file, the value and the remedy. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: 'trainer/usage' | 'trainer/data' | 'trainer/run';

  constructor(code: CommandError['code'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

import { CommandError } from './errors.ts';
import type { CommandRun } from './program/index.ts';
import { processTerminal, type Terminal } from './progress/reporter.ts';

/** Exit codes of a process that a signal ended, as shells count them. */
export const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Why a command was asked to end. */
export class Interruption extends Error {
  override readonly name = 'Interruption';
  readonly exitCode: number;

  constructor(signal: keyof typeof exitCodes) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCodes[signal];
  }
}

export interface OutcomeOptions {
  readonly signal: AbortSignal;
  readonly json: boolean;
  readonly terminal?: Terminal;
  /** With the stack of whatever failed: for whoever mends this program. */
  readonly debug?: boolean;
}

/**
 * Runs a command to its exit code. What fails is one sentence on stderr and 1 (or the error's
 * own exit code), never a stack trace; with `--json` also an
 * object of kind `error` on stdout. An interrupted command says nothing more: it ends as its signal says.
 */
export async function outcomeOf(run: CommandRun, options: OutcomeOptions): Promise<number> {
  const { signal, json, terminal = processTerminal, debug = false } = options;
  const interrupted = () =>
    signal.reason instanceof Interruption ? signal.reason.exitCode : exitCodes.SIGINT;
  try {
    const code = await run(signal);
    return code === exitCodes.SIGINT && signal.aborted ? interrupted() : code;
  } catch (error) {
    if (signal.aborted && isAbort(error, signal)) return interrupted();
    const message = error instanceof Error ? error.message : String(error);
    if (json) terminal.out(`${JSON.stringify({ kind: 'error', code: codeOf(error), message })}\n`);
    terminal.error(`tokenunify: ${message}\n`);
    if (debug && error instanceof Error) terminal.error(`${error.stack}\n`);
    return error instanceof CommandError ? error.exitCode : 1;
  }
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Whether an error only says that the signal was heard. A full disk after Ctrl-C is another matter, and is said. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  return error instanceof Error && (error.name === 'AbortError' || isAbort(error.cause ?? undefined, signal));
}

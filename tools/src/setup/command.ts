import { parseArgs } from 'node:util';
import { isSetupError, type setupErrors } from './errors.ts';
import type { World } from './world.ts';

export interface SetupCommandLine<Flag extends string> {
  /** Printed for `--help`. */
  readonly help: string;
  /** Every option, none of which takes a value, in the order in which a wrong one is told of them; `help` is one. */
  readonly flags: readonly (Flag | 'help')[];
  readonly failed: ReturnType<typeof setupErrors>['failed'];
}

export interface SetupCall {
  readonly world: World;
  readonly printError: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a set-up as a command: its exit code is 0, that of its error, or 130 when it was stopped. */
export async function runSetup<Flag extends string>(
  args: readonly string[],
  line: SetupCommandLine<Flag>,
  { world, printError, signal }: SetupCall,
  run: (flags: Readonly<Record<Flag, boolean>>) => Promise<void>,
): Promise<number> {
  try {
    const flags = parse(args, line);
    if (flags.help) world.print(line.help);
    else await run(flags);
    return 0;
  } catch (error) {
    if (signal?.aborted) {
      printError('Stopped; nothing was changed. Run the command again to start over.');
      return 130;
    }
    if (!isSetupError(error)) throw error;
    printError(error.message);
    return error.exitCode;
  }
}

function parse<Flag extends string>(
  args: readonly string[],
  { flags, failed }: SetupCommandLine<Flag>,
): Readonly<Record<Flag | 'help', boolean>> {
  const off = { type: 'boolean', default: false } as const;
  try {
    const options = Object.fromEntries(flags.map((flag) => [flag, off]));
    // as many booleans as flags: each has a default
    return parseArgs({ args: [...args], options }).values as Record<Flag | 'help', boolean>;
  } catch (cause) {
    const what = cause instanceof Error ? cause.message.split('. ')[0] : String(cause);
    const names = flags.map((flag) => `--${flag}`);
    throw failed(`${what}; the options are ${names.slice(0, -1).join(', ')} and ${names.at(-1)!}.`, {
      cause,
    });
  }
}

/** A set-up as a process: Ctrl-C and SIGTERM stop it. */
export async function asProcess(
  main: (args: readonly string[], signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  process.exitCode = await main(process.argv.slice(2), stop.signal);
}

import { parseArgs } from 'node:util';
import { failed, isSetupError, type SetupError } from './errors.ts';
import { setup, type SetupOptions } from './steps.ts';
import { thisMachine, type World } from './world.ts';

const HELP = `npm run setup:tensorflow [-- --dry-run] [-- --force]

Builds the native training engine (TensorFlow, for the CPU) in .tensorflow, or checks it where it is built.
  --dry-run   print the steps and change nothing
  --force     build again, though there is a build
Exit code 3: this machine lacks a prerequisite or the network. Exit code 1: something is broken.`;

/** Runs the command and returns its exit code: 0 when the engine is built and right. */
export async function main(
  args: readonly string[],
  world: World = thisMachine(),
  printError: (line: string) => void = (line) => console.error(line),
  options: Pick<SetupOptions, 'signal' | 'recipe'> = {},
): Promise<number> {
  try {
    const { 'dry-run': dryRun, force, help } = parse(args);
    if (help) world.print(HELP);
    else await setup(world, { ...options, dryRun, force });
    return 0;
  } catch (error) {
    if (options.signal?.aborted) {
      printError('Stopped; nothing was changed. Run the command again to start over.');
      return 130;
    }
    if (!isSetupError(error)) throw error;
    printError(error.message);
    return error.exitCode;
  }
}

function parse(args: readonly string[]) {
  const off = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], options: { 'dry-run': off, force: off, help: off } }).values;
  } catch (cause) {
    throw unknownOption(cause);
  }
}

function unknownOption(cause: unknown): SetupError {
  const what = cause instanceof Error ? cause.message.split('. ')[0] : String(cause);
  return failed(`${what}; the options are --dry-run, --force and --help.`, { cause });
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  process.exitCode = await main(process.argv.slice(2), thisMachine(), undefined, { signal: stop.signal });
}

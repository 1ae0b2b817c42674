import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { thisMachine, type World } from '../setup-tensorflow/world.ts';
import { failed, isVulkanError } from './errors.ts';
import { setup, type SetupOptions } from './steps.ts';

const HELP = `npm run setup:vulkan [-- --dry-run] [-- --force]

Puts SwiftShader, a Vulkan that computes on the processor, into .vulkan, so that the engine webgpu can be tested on machines
without a GPU (npm run test:webgpu). It is far too slow to train with.
  --dry-run   print the steps and change nothing
  --force     install again, though it is there
Exit code 3: this machine is of another kind, or lacks the network. Exit code 1: something is broken.`;

/** This machine. Set `TOKENUNIFY_VULKAN` to install elsewhere, `TOKENUNIFY_CACHE` to keep downloads elsewhere. */
function here(env: Readonly<Record<string, string | undefined>> = process.env): World {
  const world = thisMachine(env);
  return { ...world, root: env['TOKENUNIFY_VULKAN'] || join(world.repository, '.vulkan') };
}

/** Runs the command and returns its exit code: 0 when WebGPU computes. */
export async function main(
  args: readonly string[],
  world: World = here(),
  printError: (line: string) => void = (line) => console.error(line),
  options: SetupOptions = {},
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
    if (!isVulkanError(error)) throw error;
    printError(error.message);
    return error.exitCode;
  }
}

function parse(args: readonly string[]) {
  const off = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...args], options: { 'dry-run': off, force: off, help: off } }).values;
  } catch (cause) {
    const what = cause instanceof Error ? cause.message.split('. ')[0] : String(cause);
    throw failed(`${what}; the options are --dry-run, --force and --help.`, { cause });
  }
}

if (import.meta.main ?? process.argv[1] === import.meta.filename) {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  process.exitCode = await main(process.argv.slice(2), here(), undefined, { signal: stop.signal });
}

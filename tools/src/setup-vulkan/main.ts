import { join } from 'node:path';
import { asProcess, runSetup } from '../setup/command.ts';
import { thisMachine, type World } from '../setup/world.ts';
import { failed } from './errors.ts';
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
  const line = { help: HELP, flags: ['dry-run', 'force', 'help'], failed } as const;
  return runSetup(args, line, { world, printError, signal: options.signal }, ({ 'dry-run': dryRun, force }) =>
    setup(world, { ...options, dryRun, force }),
  );
}

if (import.meta.main ?? process.argv[1] === import.meta.filename)
  await asProcess((args, signal) => main(args, here(), undefined, { signal }));

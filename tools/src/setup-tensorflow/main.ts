import { asProcess, runSetup } from '../setup/command.ts';
import { failed } from './errors.ts';
import { checkNodes } from './nodes.ts';
import { gpuRecipe } from './recipe.ts';
import { setup, type SetupOptions } from './steps.ts';
import { thisMachine, type World } from '../setup/world.ts';

const HELP = `npm run setup:tensorflow [-- --gpu] [-- --dry-run] [-- --force] [-- --nodes]

Builds the native training engine (TensorFlow) in .tensorflow, or checks it where it is built. There is one build in a place:
without --gpu it is the one for the CPU, with it the one for NVIDIA's GPUs, and either replaces the other.
  --gpu       build for CUDA 12 and cuDNN 9, which come along (3.3 GB to fetch, 5 GB unpacked); no GPU is needed to build
  --dry-run   print the steps and their sizes, and change nothing
  --force     build again, though there is a build
  --nodes     run the build that is there with Node 20, 22 and 24, which come from npm
Exit code 3: this machine lacks a prerequisite or the network. Exit code 1: something is broken.`;

/** Runs the command and returns its exit code: 0 when the engine is built and right. */
export async function main(
  args: readonly string[],
  world: World = thisMachine(),
  printError: (line: string) => void = (line) => console.error(line),
  options: Pick<SetupOptions, 'signal' | 'recipe'> & { readonly gpuRecipe?: SetupOptions['recipe'] } = {},
): Promise<number> {
  const line = { help: HELP, flags: ['gpu', 'dry-run', 'force', 'nodes', 'help'], failed } as const;
  return runSetup(args, line, { world, printError, signal: options.signal }, async (flags) => {
    const { gpu, 'dry-run': dryRun, force, nodes } = flags;
    const recipe = gpu ? (options.gpuRecipe ?? gpuRecipe) : options.recipe;
    if (nodes) await checkNodes(world, options.signal);
    else await setup(world, { ...options, ...(recipe ? { recipe } : {}), dryRun, force });
  });
}

if (import.meta.main ?? process.argv[1] === import.meta.filename)
  await asProcess((args, signal) => main(args, thisMachine(), undefined, { signal }));

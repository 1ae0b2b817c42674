import { fileURLToPath } from 'node:url';
import { Option, type Command } from 'commander';
import { count, whole } from './values.ts';

/** Runs a command and says how the process ends; the options say how it is told. */
export type Run = (options: { readonly json: boolean }, run: CommandRun) => Promise<void>;
export type CommandRun = (signal: AbortSignal) => Promise<number>;

/**
 * Written down here rather than taken from @tokenunify/model, which takes a third of a second to load: `--help` must
 * not wait for it. A test holds them equal to the library's.
 */
export const engineChoices = ['auto', 'tensorflow', 'webgpu', 'cpu'];
const sizes = ['nano', 'tiny', 'base', '100m', '200m', '500m', '1b'];
export const presetChoices = [...sizes, ...sizes.map((size) => `${size}-anisotropic`)];

/** The model that comes with the repository. */
export const bundledModel = fileURLToPath(new URL('../../../../models/default', import.meta.url));

export const jsonOption = (command: Command): Command =>
  command.option('--json', 'JSON lines on stdout', false);

export const engineOption = (command: Command): Command =>
  command.addOption(new Option('--engine <name>', 'training engine').choices(engineChoices).default('auto'));

/** Options of every command that trains. */
export function trainingOptions(command: Command): Command {
  return jsonOption(
    engineOption(command)
      .option('--box <ranges>', "part of the volume, z,y,x, as ':,0:118,:'")
      .addOption(new Option('--preset <name>', 'network').choices(presetChoices).default('nano'))
      .option('--steps <n>', 'steps of training', count, 1000)
      .option('--seed <n>', 'everything random follows from it', whole, 1)
      .option('--checkpoint-every <n>', 'steps between checkpoints', count, 200)
      .option('--no-isotropic', 'never swap z with y and x when augmenting')
      .requiredOption('--out <directory>', 'run directory: settings, log, checkpoints')
      .option('--resume', 'go on with the run in --out', false),
  );
}

import { fileURLToPath } from 'node:url';
import { Option, type Command } from 'commander';
import { count, positive, whole } from './values.ts';

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

export const gpuOption = (command: Command): Command =>
  command.option('--gpu', 'only a GPU will do; an error when there is none', false);

/** Names of the options that were typed: the others have their defaults, over which a file wins. */
export const given = (command: Command): ReadonlySet<string> =>
  new Set(
    command.options
      .map((option) => option.attributeName())
      .filter((name) => command.getOptionValueSource(name) === 'cli'),
  );

/** Options of every command that trains. */
export function trainingOptions(command: Command): Command {
  return jsonOption(
    gpuOption(engineOption(command))
      .option('--config <file>', 'settings, as configs/paper.json; options typed here win')
      .option('--box <ranges>', "part of the volume, z,y,x, as ':,0:118,:'")
      .addOption(new Option('--preset <name>', 'network').choices(presetChoices).default('nano'))
      .option('--steps <n>', 'steps of training', count, 1000)
      .addOption(
        new Option('--epochs <n>', 'instead of --steps: times that every voxel is trained on, on average')
          .argParser(positive)
          .conflicts('steps'),
      )
      .option('--seed <n>', 'everything random follows from it', whole, 1)
      .option('--checkpoint-every <n>', 'steps between checkpoints', count, 200)
      .option(
        '--no-isotropic',
        'never swap z with y and x when augmenting; so it is anyway for presets whose token is no cube',
      )
      .option(
        '--recompute',
        'compute activations again instead of keeping them: less memory, more time',
        false,
      )
      .requiredOption('--out <directory>', 'run directory: settings, log, checkpoints')
      .option('--resume', 'go on with the run in --out', false),
  );
}

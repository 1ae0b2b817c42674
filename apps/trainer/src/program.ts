import { Command, InvalidArgumentError, Option } from 'commander';
import { engineNames, presets, type Vec3 } from '@tokenunify/model';
import type { FinetuneCommand } from './commands/finetune.ts';
import type { PretrainCommand } from './commands/pretrain.ts';

/** Runs a command and says how the process ends. */
export type Run = (run: (signal: AbortSignal) => Promise<number>) => Promise<void>;

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
};
const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a positive number.');
  return value;
};
const triple = (text: string): Vec3 => {
  const sizes = text.split(/[,x]/).map(whole);
  if (sizes.length !== 3) throw new InvalidArgumentError('It must be three sizes, z,y,x.');
  return sizes as unknown as Vec3; // three, as checked
};
const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/**
 * The command line. Commands are imported when they run, so that `--help` does not load TensorFlow.js.
 */
export function createProgram(run: Run): Command {
  const program = new Command('tokenunify')
    .description('Neuron segmentation of electron-microscopy volumes: training, export, segmentation.')
    .showHelpAfterError();

  training(
    program
      .command('pretrain')
      .description('Pretrain a network on unlabelled volumes: random, next and next-all token prediction.'),
  )
    .requiredOption('--raw <location>', 'volume (path, or file.h5:/dataset); repeat for more', collect)
    .option('--voxels-per-step <n>', 'voxels that go through the network in one step', whole, 262144)
    .option('--rate <rate>', 'peak learning rate', positive, 2e-3)
    .action((options: PretrainCommand) =>
      run(async (signal) => (await import('./commands/pretrain.ts')).runPretrain(options, signal)),
    );

  training(program.command('finetune').description('Fine-tune to affinities on a labelled volume.'))
    .requiredOption('--raw <location>', 'volume (path, or file.h5:/dataset)')
    .requiredOption('--labels <location>', 'neuron ids of the same shape, 0 = unlabelled')
    .option('--from <checkpoint>', 'a checkpoint of pretrain; absent: from scratch')
    .option('--crop <z,y,x>', "voxels of a crop; default: the preset's", triple)
    .option('--batch <n>', 'crops a step', whole, 1)
    .option('--rate <rate>', 'peak learning rate', positive, 2e-3)
    .option('--no-erode', 'keep labels up to the boundary; by default boundaries are two voxels wide')
    .action((options: FinetuneCommand) =>
      run(async (signal) => (await import('./commands/finetune.ts')).runFinetune(options, signal)),
    );
  return program;
}

/** Options of every command that trains. */
function training(command: Command): Command {
  return command
    .option('--box <ranges>', "part of the volume, z,y,x, as ':,0:118,:'")
    .addOption(new Option('--preset <name>', 'network').choices(Object.keys(presets)).default('nano'))
    .option('--steps <n>', 'steps of training', whole, 1000)
    .option('--seed <n>', 'everything random follows from it', whole, 1)
    .option('--checkpoint-every <n>', 'steps between checkpoints', whole, 200)
    .option('--no-isotropic', 'never swap z with y and x when augmenting')
    .addOption(
      new Option('--engine <name>', 'training engine').choices(['auto', ...engineNames]).default('auto'),
    )
    .requiredOption('--out <directory>', 'run directory: settings, log, checkpoints')
    .option('--resume', 'go on with the run in --out', false)
    .option('--json', 'JSON lines on stdout', false);
}

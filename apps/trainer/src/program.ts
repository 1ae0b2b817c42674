import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { engineNames, presets, type Vec3 } from '@tokenunify/model';
import type { EvaluateCommand } from './commands/evaluate.ts';
import type { ExportCommand } from './commands/export.ts';
import type { FinetuneCommand } from './commands/finetune.ts';
import type { InfoCommand } from './commands/info.ts';
import type { PretrainCommand } from './commands/pretrain.ts';
import type { SegmentCommand } from './commands/segment.ts';

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
const list = (text: string): readonly number[] =>
  text.split(',').map((part) => {
    const value = Number(part);
    if (part.trim() === '' || !Number.isFinite(value))
      throw new InvalidArgumentError('It must be numbers with commas.');
    return value;
  });
const numbers = (text: string): Vec3 => {
  const values = list(text);
  if (values.length !== 3) throw new InvalidArgumentError('It must be three numbers, z,y,x.');
  return values as unknown as Vec3; // three, as checked
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

  const exporting = program
    .command('export')
    .description(
      'Export a fine-tuned checkpoint as a BioImage.IO model package with ONNX weights, and check it.',
    )
    .requiredOption('--checkpoint <file>', 'a checkpoint of finetune')
    .requiredOption('--out <directory>', 'the model package')
    .option('--name <name>', 'name of the model', 'TokenUnify nano')
    .option('--model-version <version>', 'semantic version of the model', '0.1.0')
    .option('--selection <file>', 'post-processing and scores that evaluate --select wrote')
    .option('--report <file>', 'scores that evaluate --report wrote')
    .option('--tile <z,y,x>', "voxels of a tile; default: the preset's crop", triple)
    .option('--voxel-size <z,y,x>', 'nm, of the training data', numbers)
    .option('--opset <n>', 'ONNX operator set, 17 to 21', whole, 17)
    .option('--timestamp <time>', 'ISO 8601, for reproducible packages; default: now')
    .option('--overwrite', 'replace a package that is there', false);
  engineOption(exporting)
    .option('--json', 'JSON lines on stdout', false)
    .action((options: ExportCommand) =>
      run(async (signal) => (await import('./commands/export.ts')).runExport(options, signal)),
    );

  const evaluating = program
    .command('evaluate')
    .description(
      'Score a model on labelled voxels, beside segmentations that learn nothing; or choose post-processing.',
    )
    .option('--model <directory>', 'a model package')
    .option('--checkpoint <files...>', 'checkpoints of finetune')
    .requiredOption('--raw <location>', 'volume')
    .requiredOption('--labels <location>', 'truth, 0 = ignored')
    .option('--box <ranges>', "what is scored, z,y,x, as ':,158:190,:'")
    .option('--tune-box <ranges>', 'where the intensity baseline is tuned; never the scored voxels')
    .option('--no-baselines', 'only the model')
    .option('--postprocessing <json>', "instead of the package's")
    .option('--report <file>', 'write the scores here, as JSON')
    .option(
      '--select <file>',
      'choose checkpoint and post-processing by lowest VOI, and write the choice here',
    )
    .option('--watershed <json...>', 'with --select: watersheds to try', ['{"mode":"3d"}'])
    .option('--scoring <names...>', 'with --select: scorings to try', ['mean', 'hist50'])
    .option('--thresholds <list>', 'with --select: ascending', list, list('0.1,0.2,0.3,0.4,0.5,0.6,0.7'))
    .option('--minimum-sizes <list>', 'with --select: voxels', list, [0])
    .option('--threads <n>', 'threads of inference', whole);
  engineOption(evaluating)
    .option('--json', 'JSON lines on stdout', false)
    .action((options: EvaluateCommand) =>
      run(async (signal) => (await import('./commands/evaluate.ts')).runEvaluate(options, signal)),
    );

  program
    .command('segment <input> <output>')
    .description('Segment a volume; the extension of the output picks its format (.zarr, .npy).')
    .option('--model <directory>', 'a model package', bundledModel)
    .option('--box <ranges>', 'only this part, cut out first')
    .option('--affinities <location>', 'write the affinities too, uint8 [3, z, y, x]')
    .option('--threshold <t>', "agglomeration threshold, instead of the package's", positive)
    .option('--postprocessing <json>', "all of the post-processing, instead of the package's")
    .option('--threads <n>', 'threads of inference', whole)
    .option('--overwrite', 'replace an output that is there', false)
    .option('--json', 'JSON lines on stdout', false)
    .action((input: string, output: string, options: SegmentCommand) =>
      run(async (signal) =>
        (await import('./commands/segment.ts')).runSegment(input, output, options, signal),
      ),
    );

  program
    .command('info [what]')
    .description('What this machine can run; or what a volume, a checkpoint or a model package is.')
    .option('--json', 'JSON lines on stdout', false)
    .action((what: string | undefined, options: InfoCommand) =>
      run(async () => (await import('./commands/info.ts')).runInfo(what, options)),
    );
  return program;
}

/** The model that comes with the repository. */
const bundledModel = fileURLToPath(new URL('../../../models/default', import.meta.url));

/** Options of every command that trains. */
function training(command: Command): Command {
  return engineOption(command)
    .option('--box <ranges>', "part of the volume, z,y,x, as ':,0:118,:'")
    .addOption(new Option('--preset <name>', 'network').choices(Object.keys(presets)).default('nano'))
    .option('--steps <n>', 'steps of training', whole, 1000)
    .option('--seed <n>', 'everything random follows from it', whole, 1)
    .option('--checkpoint-every <n>', 'steps between checkpoints', whole, 200)
    .option('--no-isotropic', 'never swap z with y and x when augmenting')
    .requiredOption('--out <directory>', 'run directory: settings, log, checkpoints')
    .option('--resume', 'go on with the run in --out', false)
    .option('--json', 'JSON lines on stdout', false);
}

function engineOption(command: Command): Command {
  const choices = ['auto', ...engineNames];
  return command.addOption(new Option('--engine <name>', 'training engine').choices(choices).default('auto'));
}

import { Option, type Command } from 'commander';
import type { EvaluateCommand } from '../commands/evaluate/options.ts';
import type { ExportCommand } from '../commands/export/index.ts';
import { engineOption, jsonOption, type Run } from './shared.ts';
import { count, lengths, numbers, sizes, whole } from './values.ts';

export function addExport(program: Command, run: Run): void {
  const command = program
    .command('export')
    .description(
      'Export a fine-tuned checkpoint as a BioImage.IO model package with ONNX weights, and check it.',
    )
    .requiredOption('--checkpoint <file>', 'a checkpoint of finetune')
    .requiredOption('--out <directory>', 'the model package')
    .option('--name <name>', 'name of the model; default: TokenUnify and the preset')
    .option('--model-version <version>', 'semantic version of the model', '0.1.0')
    .option('--selection <file>', 'post-processing and scores that evaluate --select wrote')
    .option('--report <file>', 'scores that evaluate --report wrote')
    .option('--tile <z,y,x>', "voxels of a tile; default: the preset's crop", sizes)
    .option('--voxel-size <z,y,x>', 'nm, of the training data', lengths)
    .option('--opset <n>', 'ONNX operator set, 17 to 21', whole, 17)
    .addOption(
      new Option('--dtype <type>', 'of large layers and their weights; input and output stay float32')
        .choices(['float32', 'float16'])
        .default('float32'),
    )
    .option('--timestamp <time>', 'ISO 8601, for reproducible packages; default: now')
    .option('--overwrite', 'replace a package that is there', false);
  jsonOption(engineOption(command)).action((options: ExportCommand) =>
    run(options, async (signal) => (await import('../commands/export/index.ts')).runExport(options, signal)),
  );
}

export function addEvaluate(program: Command, run: Run): void {
  const command = program
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
    .option('--tile <z,y,x>', "with --checkpoint: voxels of a tile; default: the preset's crop", sizes)
    .option('--postprocessing <json>', "instead of the package's")
    .option('--report <file>', 'write the scores here, as JSON')
    .option(
      '--select <file>',
      'choose checkpoint and post-processing by lowest VOI, and write the choice here',
    )
    .option('--watershed <json...>', 'with --select: watersheds to try', ['{"mode":"3d"}'])
    .option('--scoring <names...>', 'with --select: scorings to try', ['mean', 'hist50'])
    .option(
      '--thresholds <list>',
      'with --select: ascending',
      numbers,
      numbers('0.1,0.2,0.3,0.4,0.5,0.6,0.7'),
    )
    .option('--minimum-sizes <list>', 'with --select: voxels', numbers, [0])
    .option('--threads <n>', 'threads of inference', count);
  jsonOption(engineOption(command)).action((options: EvaluateCommand) =>
    run(options, async (signal) =>
      (await import('../commands/evaluate/index.ts')).runEvaluate(options, signal),
    ),
  );
}

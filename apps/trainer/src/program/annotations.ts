import { Option, type Command } from 'commander';
import type { AnnotateCommand } from '../annotations/command.ts';
import { splits } from '../annotations/types.ts';
import { jsonOption, type Run } from './shared.ts';

export function addAnnotate(program: Command, run: Run): void {
  const command = program
    .command('annotate')
    .description('Add a labelled box to the manifest of annotations that the nightly run reads.')
    .requiredOption('--manifest <file>', 'the manifest; begun if it is not there')
    .requiredOption('--raw <location>', 'volume, uint8; a relative path is kept relative to the manifest')
    .requiredOption('--labels <location>', 'neuron ids of the same shape, 0 = unlabelled')
    .option('--box <ranges>', "the labelled part, z,y,x, as ':,0:118,:'; default: the whole volume")
    .addOption(
      new Option('--split <name>', 'to train on, or held out to compare models')
        .choices(splits)
        .makeOptionMandatory(),
    );
  jsonOption(command).action((options: AnnotateCommand) =>
    run(options, async (signal) => (await import('../annotations/command.ts')).runAnnotate(options, signal)),
  );
}

import { Option, type Command } from 'commander';
import type { InfoCommand } from '../commands/info.ts';
import type { SegmentCommand } from '../commands/segment/index.ts';
import { bundledModel, jsonOption, type Run } from './shared.ts';
import { count, range, share } from './values.ts';

export function addSegment(program: Command, run: Run): void {
  const command = program
    .command('segment <input> <output>')
    .description('Segment a volume; the extension of the output picks its format (.zarr, .npy).')
    .addOption(new Option('--model <directory>', 'a model package').default(bundledModel, 'the bundled one'))
    .option('--box <ranges>', 'only this part, cut out first')
    .option('--raw-range <low,high>', 'for volumes that are not uint8: the values of black and white', range)
    .option('--affinities <location>', 'write the affinities too, uint8 [3, z, y, x]')
    .option('--threshold <t>', "agglomeration threshold, instead of the package's", share)
    .option('--postprocessing <json>', "all of the post-processing, instead of the package's")
    .option('--threads <n>', 'threads of inference', count)
    .option('--overwrite', 'replace an output that is there', false);
  jsonOption(command).action((input: string, output: string, options: SegmentCommand) =>
    run(options, async (signal) =>
      (await import('../commands/segment/index.ts')).runSegment(input, output, options, signal),
    ),
  );
}

export function addInfo(program: Command, run: Run): void {
  const command = program
    .command('info [what]')
    .description('What this machine can run; or what a volume, a checkpoint or a model package is.');
  jsonOption(command).action((what: string | undefined, options: InfoCommand) =>
    run(options, async () => (await import('../commands/info.ts')).runInfo(what, options)),
  );
}

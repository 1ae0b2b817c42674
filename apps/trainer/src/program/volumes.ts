import { InvalidArgumentError, Option, type Command } from 'commander';
import type { InfoCommand } from '../commands/info/index.ts';
import type { SegmentCommand } from '../commands/segment/options.ts';
import { bundledModel, engineChoices, jsonOption, type Run } from './shared.ts';
import { count, range, share, sizes, whole } from './values.ts';

export function addSegment(program: Command, run: Run): void {
  const command = program
    .command('segment <input> <output>')
    .description(
      'Segment a volume, here or on a server; the extension of the output picks its format (.zarr, .npy).',
    )
    .addOption(
      new Option(
        '--model <package>',
        'directory of a model package; with --api name or digest of a model of the server',
      ).default(bundledModel, 'the bundled one'),
    )
    .option('--dataset <name>', 'the array in the input, if it has several')
    .option('--box <ranges>', 'only this part, cut out first')
    .option('--raw-range <low,high>', 'for volumes that are not uint8: the values of black and white', range)
    .option('--affinities <location>', 'write the affinities too, uint8 [3, z, y, x]')
    .option('--threshold <t>', "agglomeration threshold, instead of the package's", share)
    .option('--scoring <name>', "mean, max or hist1 to hist99, instead of the package's", scoring)
    .option(
      '--minimum-size <n>',
      "labels with fewer voxels join a neighbour, instead of the package's",
      whole,
    )
    .option('--cell <z,y,x>', 'voxels of the pieces in which fragments are made', sizes)
    .option('--postprocessing <json>', "all of the post-processing, instead of the package's")
    .option('--threads <n>', 'threads of inference', count)
    .option('--api <url>', 'a server that does the work: upload, segment there, download')
    .option(
      '--api-key <key>',
      'its key; better in the variable TOKENUNIFY_API_KEY, where `ps` does not show it',
    )
    .option('--keep', 'leave the uploaded volume and the job on the server', false)
    .option('--patience <seconds>', 'how long to try again while the server does not answer', whole, 600)
    .option('--overwrite', 'replace an output that is there', false);
  jsonOption(command).action((input: string, output: string, options: SegmentCommand) =>
    run(options, async (signal) => {
      const { checkTogether } = await import('../commands/segment/options.ts');
      checkTogether(
        command.options
          .filter((option) => command.getOptionValueSource(option.attributeName()) === 'cli')
          .map(({ long }) => long ?? ''),
      );
      const { api, model = bundledModel } = options;
      if (api === undefined) {
        const { runSegment } = await import('../commands/segment/index.ts');
        return runSegment(input, output, { ...options, model }, signal);
      }
      const { runSegmentOverApi } = await import('../commands/segment/over-api/index.ts');
      return runSegmentOverApi(input, output, forApi(command, options, api), signal);
    }),
  );
}

/** The model of a server is none of this machine's, and a key may come from the environment. */
function forApi(
  command: Command,
  { model, apiKey: typed, ...options }: SegmentCommand,
  api: string,
): SegmentCommand & { readonly api: string } {
  const apiKey = typed ?? (process.env['TOKENUNIFY_API_KEY'] || undefined);
  return {
    ...options,
    api,
    ...(apiKey !== undefined && { apiKey }),
    ...(command.getOptionValueSource('model') === 'cli' && model !== undefined && { model }),
  };
}

function scoring(text: string): string {
  if (!/^(mean|max|hist[1-9]\d?)$/.test(text))
    throw new InvalidArgumentError('It must be mean, max or hist1 to hist99.');
  return text;
}

export function addInfo(program: Command, run: Run): void {
  const command = program
    .command('info [what]')
    .description('What this machine can run; or what a volume, a checkpoint or a model package is.')
    .addOption(
      new Option('--engine <name>', 'only this engine; an error when it is not there').choices(engineChoices),
    )
    .option('--gpu', 'only an engine on a real GPU; an error when there is none');
  jsonOption(command).action((what: string | undefined, options: InfoCommand) => {
    if (what !== undefined && (options.engine !== undefined || options.gpu))
      command.error(`error: --engine and --gpu are questions about this machine; leave out '${what}'`);
    return run(options, async () => (await import('../commands/info/index.ts')).runInfo(what, options));
  });
}

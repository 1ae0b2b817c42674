import type { Command } from 'commander';
import type { RetrainCommand } from '../commands/retrain/index.ts';
import { jsonOption, type Run } from './shared.ts';

const exitCodes = `
Exit codes:
  0  promoted, kept as challenger, or nothing new
  1  a step failed: a broken export, a refused package, a full disk
  2  the configuration, the manifest or the key is wrong
  3  the registry was not reached
  4  promoted, and rolled back because the smoke test failed
  5  time was over; run again to go on
  6  another night runs`;

export function addRetrain(program: Command, run: Run): void {
  const command = program
    .command('retrain')
    .description(
      'One night: train on new annotations from the champion of a server, and promote the result there if it is better.',
    )
    .requiredOption('--config <file>', 'settings of the night, as nightly.json')
    .option('--check', 'say what the night would do, and change nothing', false)
    .addHelpText('after', exitCodes);
  jsonOption(command).action((options: RetrainCommand) =>
    run(options, async (signal) =>
      (await import('../commands/retrain/index.ts')).runRetrain(options, signal),
    ),
  );
}

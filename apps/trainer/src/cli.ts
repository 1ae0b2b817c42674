import { Interruption, outcomeOf } from './outcome.ts';
import { createProgram } from './program/index.ts';

/** Runs the command line of this process. Ctrl-C asks for a resumable end; a second one ends at once. */
export async function main(argv: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  process.on('SIGINT', () => {
    if (signal.aborted) process.exit(130);
    process.stderr.write('\nStopping after this step; press Ctrl-C again to stop at once.\n');
    controller.abort(new Interruption('SIGINT'));
  });
  process.on('SIGTERM', () => controller.abort(new Interruption('SIGTERM')));
  // A reader that went away (`| head`) wants no more: that is no crash, and a training still ends resumably.
  process.stdout.on('error', (error) => controller.abort(error));
  process.stderr.on('error', () => {});
  const debug = Boolean(process.env['TOKENUNIFY_DEBUG']);
  const program = createProgram(async ({ json }, run) => {
    process.exitCode = await outcomeOf(run, { signal, json, debug });
  });
  await program.parseAsync([...argv]);
}

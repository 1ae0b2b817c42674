import { createProgram } from './program.ts';

/** Runs the command line of this process. Ctrl-C asks for a resumable end; a second one ends at once. */
export async function main(argv: readonly string[]): Promise<void> {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(130);
    process.stderr.write('\nStopping after this step; press Ctrl-C again to stop at once.\n');
    controller.abort(new Error('interrupted'));
  });
  process.on('SIGTERM', () => controller.abort(new Error('terminated')));
  const program = createProgram(async (run) => {
    try {
      process.exitCode = await run(controller.signal);
    } catch (error) {
      if (controller.signal.aborted) process.exitCode = 130;
      else {
        process.stderr.write(`tokenunify: ${error instanceof Error ? error.message : String(error)}\n`);
        if (process.env['TOKENUNIFY_DEBUG'] && error instanceof Error)
          process.stderr.write(`${error.stack}\n`);
        process.exitCode = 1;
      }
    }
  });
  await program.parseAsync([...argv]);
}

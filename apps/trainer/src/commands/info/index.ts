import type { EngineChoice } from '@tokenunify/model';
import { createReporter, type Reporter } from '../../progress/reporter.ts';
import { lines } from './lines.ts';
import { machine, oneEngine } from './machine.ts';
import { thing } from './thing.ts';

export interface InfoCommand {
  readonly json: boolean;
  /** Only this engine, or the one that `auto` takes; it is an error when it is not to be had. */
  readonly engine?: EngineChoice;
  /** Only a real GPU will do; anything else is an error. */
  readonly gpu?: boolean;
}

/**
 * `tokenunify info [WHAT]`: this machine's engines and the presets, or what a volume, checkpoint or model package is.
 *
 * @throws ModelError `model/engine` when the engine or the GPU asked for is not there: the process then ends with 1
 */
export async function runInfo(
  what: string | undefined,
  command: InfoCommand,
  reporter: Reporter = createReporter(command),
): Promise<number> {
  const { engine, gpu = false } = command;
  const facts =
    what !== undefined
      ? await thing(what)
      : engine !== undefined || gpu
        ? await oneEngine(engine ?? 'auto', gpu)
        : await machine();
  reporter.result(lines(facts).join('\n'), facts);
  return 0;
}

import type { PostProcessing } from '@tokenunify/segmentation';
import { CommandError } from '../../errors.ts';

export interface SegmentCommand {
  /** Directory of a model package; with `api` a name or digest, absent for the server's own. */
  readonly model?: string;
  readonly dataset?: string;
  readonly affinities?: string;
  readonly postprocessing?: string;
  readonly threshold?: number;
  readonly scoring?: PostProcessing['agglomeration']['scoring'];
  readonly minimumSize?: number;
  readonly cell?: readonly [number, number, number];
  readonly threads?: number;
  readonly overwrite: boolean;
  readonly box?: string;
  readonly rawRange?: readonly [number, number];
  /** Address of a server that does the work. */
  readonly api?: string;
  readonly apiKey?: string;
  readonly keep?: boolean;
  /** Seconds of a server's silence. */
  readonly patience?: number;
  readonly json: boolean;
}

const LOCAL_ONLY = {
  '--affinities': 'the API gives labels only',
  '--postprocessing':
    'give what differs from the model with --threshold, --scoring, --minimum-size and --cell',
  '--threads': 'the server decides about its own',
};
const API_ONLY = ['--api-key', '--keep', '--patience'];

/**
 * Refuses options that contradict each other.
 *
 * @param given the flags that were typed
 * @throws CommandError `trainer/usage`
 */
export function checkTogether(given: readonly string[]): void {
  const api = given.includes('--api');
  for (const [flag, why] of Object.entries(LOCAL_ONLY))
    if (api && given.includes(flag))
      throw new CommandError('trainer/usage', `${flag} makes no sense with --api: ${why}.`);
  for (const flag of API_ONLY)
    if (!api && given.includes(flag))
      throw new CommandError('trainer/usage', `${flag} is for a server; name one with --api URL.`);
}

/** Post-processing with what the command line changes of it. */
export function withChanges(chosen: PostProcessing, command: SegmentCommand): PostProcessing {
  const { threshold, scoring, minimumSize, cell } = command;
  return {
    ...chosen,
    watershed: { ...chosen.watershed, ...(cell && { cell }) },
    agglomeration: {
      ...chosen.agglomeration,
      ...(threshold !== undefined && { threshold }),
      ...(scoring !== undefined && { scoring }),
    },
    ...(minimumSize !== undefined && { minimumSize }),
  };
}

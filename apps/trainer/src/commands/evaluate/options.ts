import type { EngineChoice, Vec3 } from '@tokenunify/model';
import { CommandError } from '../../errors.ts';

export interface EvaluateCommand {
  readonly model?: string;
  readonly checkpoint?: readonly string[];
  readonly raw: string;
  readonly labels: string;
  readonly box?: string;
  readonly tuneBox?: string;
  readonly baselines: boolean;
  /** Of checkpoints; packages have their own. */
  readonly tile?: Vec3;
  readonly postprocessing?: string;
  /** Choose among checkpoints, watersheds, scorings, thresholds and minimum sizes, and write the choice here. */
  readonly select?: string;
  readonly watershed: readonly string[];
  readonly scoring: readonly string[];
  readonly thresholds: readonly number[];
  readonly minimumSizes: readonly number[];
  readonly report?: string;
  readonly engine: EngineChoice;
  readonly threads?: number;
  readonly json: boolean;
}

/** Refuses options that contradict each other, before anything is read. */
export function checkOptions(command: EvaluateCommand): void {
  const refuse = (message: string) => {
    throw new CommandError('trainer/usage', message);
  };
  const { model, checkpoint = [], select, report, tile, thresholds } = command;
  if ((model === undefined) === (checkpoint.length === 0))
    refuse('Name either --model or --checkpoint: what is to be evaluated.');
  if (select !== undefined && report !== undefined)
    refuse('--select and --report exclude each other: what chose a model cannot report on it.');
  if (select === undefined && checkpoint.length > 1)
    refuse(`--checkpoint names ${checkpoint.length} files; name one, or choose among them with --select.`);
  if (tile && model !== undefined) refuse('--tile is for checkpoints; a model package has its own tile.');
  const descent = thresholds.findIndex((value, i) => i > 0 && value <= thresholds[i - 1]!);
  if (descent > 0)
    refuse(
      `--thresholds has ${thresholds[descent]} behind ${thresholds[descent - 1]}; name them in ascending order.`,
    );
}

/** How to reproduce it; paths cut to their last part. */
export function commandLine(command: EvaluateCommand): string {
  const { model, checkpoint = [], box, tuneBox, tile, postprocessing, select } = command;
  const parts = [
    model ? `--model ${model}` : `--checkpoint ${checkpoint.map(shortName).join(' ')}`,
    `--raw ${lastPart(command.raw)}`,
    `--labels ${lastPart(command.labels)}`,
    box ? `--box ${box}` : '',
    tuneBox ? `--tune-box ${tuneBox}` : '',
    command.baselines ? '' : '--no-baselines',
    tile ? `--tile ${tile.join(',')}` : '',
    postprocessing ? `--postprocessing '${postprocessing}'` : '',
    select ? `--select ... ${choices(command)}` : '',
  ];
  return `npx tokenunify evaluate ${parts.filter((part) => part !== '').join(' ')}`;
}

const choices = ({ watershed, scoring, thresholds, minimumSizes }: EvaluateCommand): string =>
  [
    `--watershed ${watershed.map((json) => `'${json}'`).join(' ')}`,
    `--scoring ${scoring.join(' ')}`,
    `--thresholds ${thresholds.join(',')}`,
    `--minimum-sizes ${minimumSizes.join(',')}`,
  ].join(' ');

/** `../data/x.h5:/volumes/raw` -> `x.h5:/volumes/raw`. */
const lastPart = (path: string): string => path.replace(/^.*\/(?=[^/]+\.)/, '');

/** `work/runs/finetune/checkpoint-001000.safetensors` -> its last two parts. */
export const shortName = (file: string): string => file.split('/').slice(-2).join('/');

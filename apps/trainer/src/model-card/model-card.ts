import type { ElementType, Preset, Vec3 } from '@tokenunify/model';
import { describeData } from './data-sets.ts';
import type { TrainingRun } from './history.ts';
import type { Measured } from './measured.ts';

/** The model that another was trained on from. */
export interface Origin {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

export interface CardFacts {
  readonly name: string;
  readonly preset: Preset;
  readonly tile: Vec3;
  readonly voxelSize?: Vec3 | undefined;
  readonly training: readonly TrainingRun[];
  readonly selection: Measured | undefined;
  readonly report: Measured | undefined;
  /** Given when the post-processing is that of another model. */
  readonly origin?: Origin;
  /** Of the ONNX file. */
  readonly bytes: number;
  /** float32 when absent. */
  readonly dtype?: ElementType;
}

/** The model card, in Markdown: everything in it was measured or set by the commands it names. */
export function modelCard(facts: CardFacts): string {
  const { name, preset, tile, voxelSize, training, selection, report, bytes, origin } = facts;
  return [
    `# ${name}`,
    `Preset \`${preset.name}\`: three nearest-neighbour affinities (z, y, x) from grey values, tile ${tile.join(' x ')}, ` +
      `${(bytes / 2 ** 20).toFixed(1)} MiB of ONNX${facts.dtype === 'float16' ? ' in float16' : ''}. ` +
      (voxelSize
        ? `Made for voxels of about ${voxelSize.join(' x ')} nm; on others it is a guess.`
        : 'Made for voxels of an unknown size.'),
    '## Data',
    describeData(training),
    '## Training',
    ...(training.length > 0 ? training.map(run) : ['Unknown: the checkpoint was not in a run directory.']),
    '## Choice of checkpoint and post-processing',
    selection
      ? `On \`${selection.box}\`; the chosen checkpoint is among the trainings above, with the boxes it had seen by then:\n\n${table(selection)}\n\n${code(selection.command)}\n\nChosen:\n\n${code(JSON.stringify(selection.postprocessing), 'json')}`
      : origin
        ? `The post-processing is that of ${origin.name} ${origin.version} (\`${origin.digest}\`), which this model was trained on from, so that both can be compared.`
        : 'None was made: the post-processing is the default.',
    '## Report',
    report
      ? `On \`${report.box}\`, read once, for no choice. Truth is cut to the box and split into 6-connected components; VOI in bits, adapted Rand error as scikit-image has it, truth 0 ignored.\n\n${table(report)}\n\n${code(report.command)}`
      : 'Not measured.',
    '## Training on',
    '`checkpoint.safetensors` holds the weights that this model was exported from. `npx tokenunify finetune --from checkpoint.safetensors ...` goes on from them, ' +
      'and so does `npx tokenunify retrain`.',
    '## Limits',
    'Trained on few blocks at one voxel size. Expect worse on other animals, stains and instruments. ' +
      'Volumes smaller than a tile are mirror-padded; below one token on an axis they are refused.',
    '',
  ].join('\n\n');
}

function run(of: TrainingRun): string {
  const { settings, engine, steps, seconds, finalLosses } = of;
  const losses = Object.entries(finalLosses).map(([name, loss]) => `${name} ${loss}`);
  const time = seconds === undefined ? '' : `${seconds} s of training, `;
  return (
    `${of.command === 'retrain' ? annotations(settings) : command(of)}\n\n` +
    `${steps} steps, ${time}engine ${engine}; mean of the last ${Math.min(50, steps)} steps: ${losses.join(', ')}.`
  );
}

function command({ command: name, settings }: TrainingRun): string {
  const { config, ...typed } = settings;
  const options = Object.entries(typed)
    .filter(([key, value]) => key !== 'command' && value !== null)
    .flatMap(([key, value]) => option(key, value))
    .join(' ');
  if (config === undefined) return code(`npx tokenunify ${name} ${options} --out ...`);
  return `${code(`npx tokenunify ${name} ${options} --config settings.json --out ...`)}\n\nwith these settings:\n\n${code(JSON.stringify(config), 'json')}`;
}

/** What a night trained on; its settings are those of its configuration. */
function annotations(settings: TrainingRun['settings']): string {
  const { from, raw, labels, box, sha256, command: _, preset: __, ...training } = settings;
  const columns = [raw, labels, box, sha256].map((column) => [column].flat().map(String));
  const rows = columns[0]!.map((_, i) => `| ${columns.map((column) => column[i] ?? '').join(' | ')} |`);
  return [
    `\`npx tokenunify retrain\` from \`${String(from)}\`, \`training\`: \`${JSON.stringify(training)}\`, on`,
    '',
    '| raw | labels | box | sha256 of the voxels |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** A setting as the option that sets it; none for a switch that was left alone. */
function option(key: string, value: unknown): string[] {
  const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (key === 'raw' && Array.isArray(value)) return value.map((item) => `--raw ${String(item)}`);
  if (typeof value === 'boolean') return value ? [] : [`--no-${flag}`];
  if (key === 'crops' && Array.isArray(value))
    return [
      `--crops ${value.map((crop) => (Array.isArray(crop) ? crop.join('x') : String(crop))).join(',')}`,
    ];
  return [`--${flag} ${Array.isArray(value) ? value.join(',') : String(value)}`];
}

function table({ scores }: Measured): string {
  const rows = scores.map(
    ({ name, voi, voiSplit, voiMerge, adaptedRand }) =>
      `| ${name} | ${voi.toFixed(4)} | ${voiSplit.toFixed(4)} | ${voiMerge.toFixed(4)} | ${adaptedRand === null ? '-' : adaptedRand.toFixed(4)} |`,
  );
  return ['| | VOI | split | merge | adapted Rand error |', '|---|---|---|---|---|', ...rows].join('\n');
}

const code = (text: string, language = ''): string => `\`\`\`${language}\n${text}\n\`\`\``;

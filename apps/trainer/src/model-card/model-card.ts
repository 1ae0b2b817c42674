import type { Preset, Vec3 } from '@tokenunify/model';
import type { TrainingRun } from './history.ts';

export interface CardFacts {
  readonly name: string;
  readonly preset: Preset;
  readonly tile: Vec3;
  readonly voxelSize: Vec3;
  readonly training: readonly TrainingRun[];
  readonly selection: Readonly<Record<string, unknown>> | undefined;
  readonly report: Readonly<Record<string, unknown>> | undefined;
  /** Bytes of the ONNX file. */
  readonly model: number;
}

interface Score {
  readonly name: string;
  readonly voi: number;
  readonly voiSplit: number;
  readonly voiMerge: number;
  readonly adaptedRand: number | null;
}

/** The model card, in Markdown: everything in it was measured or set by the commands it names. */
export function modelCard(facts: CardFacts): string {
  const { name, preset, tile, voxelSize, training, selection, report, model } = facts;
  return [
    `# ${name}`,
    `Preset \`${preset.name}\`: three nearest-neighbour affinities (z, y, x) from grey values, tile ${tile.join(' x ')}, ` +
      `${(model / 2 ** 20).toFixed(1)} MiB of ONNX. Made for voxels of about ${voxelSize.join(' x ')} nm; on others it is a guess.`,
    '## Data',
    'FIB-25, *Drosophila* medulla, FIB-SEM at 10 nm isotropic, by Janelia FlyEM, CC BY: Takemura et al., Synaptic circuits and ' +
      'their variations within different columns in the visual system of *Drosophila*, PNAS 112(44), 2015, ' +
      'doi 10.1073/pnas.1509820112. Cite it wherever a figure made with this model is shown. Method: Chen et al., TokenUnify, arXiv 2405.16847.',
    '## Training',
    ...training.map(run),
    '## Choice of checkpoint and post-processing',
    selection
      ? `On \`${String(selection['box'])}\`, which training for the choice never saw:\n\n${table(scoresOf(selection))}\n\nChosen: ${code(selection['postprocessing'])}`
      : 'None was made: the post-processing is the default.',
    '## Report',
    report
      ? `On \`${String(report['box'])}\`, read once, for no choice. Truth is cut to the box and split into 6-connected components; VOI in bits, adapted Rand error as scikit-image has it, truth 0 ignored.\n\n${table(scoresOf(report))}\n\n${code({ command: report['command'] })}`
      : 'Not measured.',
    '## Limits',
    'Trained on one block of one tissue at one voxel size. Expect worse on other animals, stains and instruments; fine-tune with `npx tokenunify finetune --from`. ' +
      'Volumes smaller than a tile are mirror-padded; below one token on an axis they are refused.',
    '',
  ].join('\n\n');
}

function run({ command, settings, engine, steps, seconds, finalLosses }: TrainingRun): string {
  const options = Object.entries(settings)
    .filter(([key, value]) => key !== 'command' && value !== null)
    .map(([key, value]) => option(key, value))
    .filter((text) => text !== '')
    .join(' ');
  const losses = Object.entries(finalLosses).map(([name, loss]) => `${name} ${loss}`);
  return (
    `\`npx tokenunify ${command} ${options} --out ...\`\n\n` +
    `${steps} steps, ${seconds} s of training, engine ${engine}; mean of the last 50 steps: ${losses.join(', ')}.`
  );
}

function option(key: string, value: unknown): string {
  const flag = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (key === 'raw' && Array.isArray(value)) return value.map((item) => `--raw ${String(item)}`).join(' ');
  if (typeof value === 'boolean') return value ? '' : `--no-${flag}`;
  return `--${flag} ${Array.isArray(value) ? value.join(',') : String(value)}`;
}

function scoresOf(measured: Readonly<Record<string, unknown>>): readonly Score[] {
  return (measured['scores'] ?? []) as readonly Score[]; // written by `evaluate`
}

function table(scores: readonly Score[]): string {
  const rows = scores.map(
    ({ name, voi, voiSplit, voiMerge, adaptedRand }) =>
      `| ${name} | ${voi.toFixed(4)} | ${voiSplit.toFixed(4)} | ${voiMerge.toFixed(4)} | ${adaptedRand === null ? '-' : adaptedRand.toFixed(4)} |`,
  );
  return ['| | VOI | split | merge | adapted Rand error |', '|---|---|---|---|---|', ...rows].join('\n');
}

const code = (value: unknown): string => `\n\`\`\`json\n${JSON.stringify(value)}\n\`\`\``;

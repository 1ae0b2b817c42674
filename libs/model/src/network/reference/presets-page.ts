import { describeNetwork } from '../describe.ts';
import type { Preset } from '../preset.ts';
import { presets, tokenGrid, withTransformer } from '../presets.ts';

/** A crop of pretraining goes through the network with random tokens hidden, and with a prefix kept. */
const ROWS = 2;

/** The page `docs/reference/presets.md`: what every preset is and costs, counted from shapes. */
export function presetsPage(): string {
  const all = Object.values(presets);
  return `# Presets

Generated from the code; \`npm test\` fails when it is stale, \`npm run docs\` writes it. Everything here is counted from
shapes, without a weight.

- **parameters**: of the network that predicts affinities; in brackets with the heads of pretraining instead.
- **tokens**: K, the tokens of a crop.
- **multiply-adds**: of a forward pass of the affinity network, a voxel of the crop. A step of training takes three times as
  much, four times with recomputation.
- **memory**: peak bytes of one step of pretraining on one crop in float32 (${ROWS} rows: one with random tokens hidden, one with a
  prefix kept): weights, their gradient, two moments, moving average, and activations with the gradients that flow
  through them, when all of them are kept and when those inside a layer are recomputed. A test holds these numbers to
  10 % of the bytes that the trainer is seen to hold, on networks small enough for it. Not in them: the few maps of the
  loss, what the engine's kernels take for themselves, and its reserve. Another crop in the batch adds the activations again; accumulation
  (\`--accumulate\`) adds nothing but one more gradient.

## Isotropic, for volumes of about 10 nm

${costs(all.filter(isIsotropic))}

## Anisotropic, for sections of 30 to 50 nm

${costs(all.filter((preset) => !isIsotropic(preset)))}

\`base-anisotropic\` is the paper's network as far as it is described: stage widths 32 to 256, bottleneck 512, three Mamba layers a
stage, first kernel (1, 7, 7), then (1, 2, 2), every stride 2. A kernel of one section with a stride of two sections means
that every other section reaches the stages through the skip connections only. \`nano-anisotropic\` and
\`tiny-anisotropic\` keep the sections in their first two stages instead.

## With Transformer layers

The paper's other column: \`-transformer\` behind the name of any preset puts as many Transformer layers where the Mamba layers
are, all else equal (one has about twice the parameters of a Mamba layer of its width). Their attention is **quadratic in the voxels of a stage's map**, which at half resolution are an eighth
of the crop's: 51,200 of a crop of 16 x 160 x 160. Queries go through in blocks of at most 2^25 scores, so that with
recomputation memory stays linear; without it, all scores are kept.

${costs(all.map(withTransformer))}

## Plans

Widths are those of the stages; the first number is that at full resolution, a last one in brackets that of the
bottleneck.

${plans(all)}
`;
}

const isIsotropic = ({ name }: Preset) => !name.endsWith('-anisotropic');

function costs(list: readonly Preset[]): string {
  const rows = list.map((preset) => {
    const network = describeNetwork(preset, 'affinities');
    const pretraining = describeNetwork(preset, 'pretraining', preset.crop, ROWS);
    const grid = tokenGrid(preset, preset.crop);
    return [
      `\`${preset.name}\``,
      `${millions(network.parameterCount)} (${millions(pretraining.parameterCount)})`,
      preset.crop.join(' x '),
      String(grid[0] * grid[1] * grid[2]),
      thousands(network.multiplyAddsPerVoxel),
      `${gigabytes(pretraining.trainingBytes.kept)}`,
      `${gigabytes(pretraining.trainingBytes.recomputed)}`,
    ];
  });
  const titles = ['preset', 'parameters', 'crop', 'tokens', 'multiply-adds', 'memory, kept', 'recomputed'];
  return table(titles, rows);
}

function plans(list: readonly Preset[]): string {
  const rows = list.map((preset) => {
    const { stem, stages, bottleneck, mamba, resampler } = preset;
    const widths = [stem, ...stages].map(({ width }) => width).join(', ');
    return [
      `\`${preset.name}\``,
      `${widths}${bottleneck ? ` (${bottleneck.width})` : ''}`,
      stages.map(({ mambaLayers }) => mambaLayers).join(', '),
      stages.map(({ strides }) => strides.join(' x ')).join(', '),
      preset.token.join(' x '),
      `${mamba.state} of ${mamba.headChannels}`,
      `${resampler.latents} in ${resampler.layers} layers`,
    ];
  });
  const titles = ['preset', 'widths', 'sequence layers', 'strides', 'token', 'state, head', 'latents'];
  return table(titles, rows);
}

/** Columns as wide as their widest cell, as the formatter of this repository wants them. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [line(titles), line(rule), ...rows.map(line)].join('\n');
}

const millions = (count: number) => `${(count / 1e6).toFixed(count < 1e7 ? 2 : 1)} M`;
const thousands = (count: number) => `${(count / 1e3).toFixed(0)} k`;
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

import { presetNamed } from '@tokenunify/model';
import { expect, it } from 'vitest';
import { citationsOf } from './data-sets.ts';
import type { TrainingRun } from './history.ts';
import type { Measured } from './measured.ts';
import { modelCard, type CardFacts } from './model-card.ts';

const training: readonly TrainingRun[] = [
  {
    command: 'pretrain',
    settings: {
      ...{ command: 'pretrain', preset: 'nano', raw: ['fib25-unlabelled-small.h5', 'other.zarr'], box: null },
      ...{ steps: 700, voxelsPerStep: 262144, isotropic: true, crops: [16, 16, 16] },
    },
    ...{ engine: 'tensorflow', steps: 700, seconds: 2100, finalLosses: { total: 0.01, random: 0.02 } },
  },
  {
    command: 'finetune',
    settings: {
      ...{
        command: 'finetune',
        raw: 'fib25-train.h5:/volumes/raw',
        labels: 'fib25-train.h5:/volumes/labels',
      },
      ...{ box: ':,:150,:', from: 'pretrain/checkpoint-000700.safetensors', crop: [64, 64, 64] },
      ...{ isotropic: false, erode: true },
    },
    ...{ engine: 'tensorflow', steps: 9, seconds: 27, finalLosses: { total: 0.3 } },
  },
];
const measured = (box: string): Measured => ({
  box,
  postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.4 } },
  scores: [
    { name: 'TokenUnify nano 0.1.0', voi: 1.01234, voiSplit: 0.5, voiMerge: 0.51234, adaptedRand: 0.1 },
    { name: 'every voxel its own', voi: 12, voiSplit: 12, voiMerge: 0, adaptedRand: null },
  ],
  command: `npx tokenunify evaluate --box ${box}`,
});
const facts: CardFacts = {
  name: 'TokenUnify nano',
  preset: presetNamed('nano'),
  tile: [64, 64, 64],
  voxelSize: [10, 10, 10],
  training,
  selection: measured(':,126:150,:'),
  report: measured(':,158:190,:'),
  bytes: 2_621_440,
};

it('a model card tells data, training, choice, report and limits, with the commands that reproduce them', () => {
  expect(modelCard(facts)).toMatchInlineSnapshot(`
    "# TokenUnify nano

    Preset \`nano\`: three nearest-neighbour affinities (z, y, x) from grey values, tile 64 x 64 x 64, 2.5 MiB of ONNX. Made for voxels of about 10 x 10 x 10 nm; on others it is a guess.

    ## Data

    Trained on \`fib25-unlabelled-small.h5\`, \`other.zarr\`, \`fib25-train.h5:/volumes/raw\`, \`fib25-train.h5:/volumes/labels\`. FIB-25, *Drosophila* medulla, FIB-SEM at 10 nm isotropic, by Janelia FlyEM, CC BY: Takemura et al. Synaptic circuits and their variations within different columns in the visual system of Drosophila. PNAS 112(44), 2015. FIB-25 data by Janelia FlyEM, CC BY. doi 10.1073/pnas.1509820112. Cite it wherever a figure made with this model is shown. Method: Chen et al. TokenUnify: Scaling Up Autoregressive Pretraining for Neuron Segmentation. 2024. https://arxiv.org/abs/2405.16847

    ## Training

    \`\`\`
    npx tokenunify pretrain --preset nano --raw fib25-unlabelled-small.h5 --raw other.zarr --steps 700 --voxels-per-step 262144 --crops 16,16,16 --out ...
    \`\`\`

    700 steps, 2100 s of training, engine tensorflow; mean of the last 50 steps: total 0.01, random 0.02.

    \`\`\`
    npx tokenunify finetune --raw fib25-train.h5:/volumes/raw --labels fib25-train.h5:/volumes/labels --box :,:150,: --from pretrain/checkpoint-000700.safetensors --crop 64,64,64 --no-isotropic --out ...
    \`\`\`

    9 steps, 27 s of training, engine tensorflow; mean of the last 9 steps: total 0.3.

    ## Choice of checkpoint and post-processing

    On \`:,126:150,:\`; the chosen checkpoint is among the trainings above, with the boxes it had seen by then:

    | | VOI | split | merge | adapted Rand error |
    |---|---|---|---|---|
    | TokenUnify nano 0.1.0 | 1.0123 | 0.5000 | 0.5123 | 0.1000 |
    | every voxel its own | 12.0000 | 12.0000 | 0.0000 | - |

    \`\`\`
    npx tokenunify evaluate --box :,126:150,:
    \`\`\`

    Chosen:

    \`\`\`json
    {"watershed":{"mode":"3d"},"agglomeration":{"scoring":"mean","threshold":0.4}}
    \`\`\`

    ## Report

    On \`:,158:190,:\`, read once, for no choice. Truth is cut to the box and split into 6-connected components; VOI in bits, adapted Rand error as scikit-image has it, truth 0 ignored.

    | | VOI | split | merge | adapted Rand error |
    |---|---|---|---|---|
    | TokenUnify nano 0.1.0 | 1.0123 | 0.5000 | 0.5123 | 0.1000 |
    | every voxel its own | 12.0000 | 12.0000 | 0.0000 | - |

    \`\`\`
    npx tokenunify evaluate --box :,158:190,:
    \`\`\`

    ## Training on

    \`checkpoint.safetensors\` holds the weights that this model was exported from. \`npx tokenunify finetune --from checkpoint.safetensors ...\` goes on from them, and so does \`npx tokenunify retrain\`.

    ## Limits

    Trained on few blocks at one voxel size. Expect worse on other animals, stains and instruments. Volumes smaller than a tile are mirror-padded; below one token on an axis they are refused.

    "
  `);
});

it('a model card says what was not done', () => {
  const card = modelCard({ ...facts, training: [], selection: undefined, report: undefined });
  expect(card).toContain('## Data\n\nUnknown: the checkpoint was not in a run directory.');
  expect(card).toContain('None was made: the post-processing is the default.');
  expect(card).toContain('## Report\n\nNot measured.');
  expect(card).not.toContain('FIB-25');
});

it('a model card of a night tells its annotations, and where the post-processing is from', () => {
  const night: TrainingRun = {
    command: 'retrain',
    settings: {
      ...{ command: 'retrain', preset: 'nano', from: 'sha256:aa' },
      ...{ raw: ['a.h5', 'b.h5'], labels: ['c.h5', 'd.h5'], box: ['0:1,0:2,0:3', '1:2,3:4,5:6'] },
      ...{ sha256: ['11', '22'], steps: 500, seed: 1 },
    },
    ...{ engine: 'cpu', steps: 500, finalLosses: { total: 0.2 } },
  };
  const origin = { name: 'TokenUnify nano', version: '0.1.0', digest: 'sha256:aa' };
  const card = modelCard({ ...facts, training: [...training, night], selection: undefined, origin });
  expect(card).toContain(
    [
      '`npx tokenunify retrain` from `sha256:aa`, `training`: `{"steps":500,"seed":1}`, on',
      '',
      '| raw | labels | box | sha256 of the voxels |',
      '|---|---|---|---|',
      '| a.h5 | c.h5 | 0:1,0:2,0:3 | 11 |',
      '| b.h5 | d.h5 | 1:2,3:4,5:6 | 22 |',
      '',
      '500 steps, engine cpu; mean of the last 50 steps: total 0.2.',
    ].join('\n'),
  );
  expect(card).toContain('The post-processing is that of TokenUnify nano 0.1.0 (`sha256:aa`), which this');
  expect(card).toContain('`a.h5`, `b.h5`, `c.h5`, `d.h5`');
});

it('a package cites the method, and a data set only when it was trained on it', () => {
  const texts = (runs: readonly TrainingRun[]) => citationsOf(runs).map(({ text }) => text.split(' ')[0]);
  expect(texts(training)).toEqual(['Chen', 'Takemura']);
  expect(texts([{ ...training[0]!, settings: { raw: ['mine.zarr'] } }])).toEqual(['Chen']);
});

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

    ## Limits

    Trained on few blocks at one voxel size. Expect worse on other animals, stains and instruments; fine-tune with \`npx tokenunify finetune --from\`. Volumes smaller than a tile are mirror-padded; below one token on an axis they are refused.

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

it('a package cites the method, and a data set only when it was trained on it', () => {
  const texts = (runs: readonly TrainingRun[]) => citationsOf(runs).map(({ text }) => text.split(' ')[0]);
  expect(texts(training)).toEqual(['Chen', 'Takemura']);
  expect(texts([{ ...training[0]!, settings: { raw: ['mine.zarr'] } }])).toEqual(['Chen']);
});

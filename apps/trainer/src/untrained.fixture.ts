import { encodeNpy, ndArray } from '@tokenunify/em-io';
import {
  affinityForward,
  describeNetwork,
  encodeCheckpoint,
  initialWeights,
  presetNamed,
  traceOnnx,
  writeCheckpoint,
  writeModelPackage,
  type Weights,
} from '@tokenunify/model';

const tile = [16, 16, 16] as const;
const preset = presetNamed('nano');

/** Weights nobody trained, for tiles of 16 voxels a side. */
export function untrainedWeights(): Weights {
  return initialWeights(describeNetwork(preset, 'affinities', tile).parameters, 7);
}

const checkpoint = (command: string) => ({
  weights: untrainedWeights(),
  state: { command, preset: 'nano', step: 0 },
});

/** A checkpoint as `finetune` leaves it, but outside of a run directory. */
export async function writeUntrainedCheckpoint(file: string, command = 'finetune'): Promise<string> {
  await writeCheckpoint(file, checkpoint(command));
  return file;
}

/** What the package says of its training. */
export const pretrained = {
  command: 'pretrain',
  settings: { command: 'pretrain', preset: 'nano', raw: ['nothing.h5'] },
  engine: 'cpu',
  steps: 0,
  finalLosses: {},
};

/** A model package with the real nano network and small tiles. */
export async function writeUntrainedPackage(directory: string): Promise<string> {
  await writeModelPackage(directory, {
    name: 'TokenUnify nano (untrained)',
    version: '0.0.1',
    description: 'For tests.',
    preset: preset.name,
    model: traceOnnx({
      inputShape: [1, ...tile],
      weights: untrainedWeights(),
      trace: (ops, source, input) => ops.sigmoid(affinityForward(ops, source, preset, input)),
    }),
    opsetVersion: 17,
    tileShape: tile,
    minimumShape: preset.token,
    inputScale: { offset: 0, scale: 1 / 255 },
    postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.5 } },
    metrics: {},
    training: [pretrained],
    modelCard: '# Untrained\n',
    license: 'Apache-2.0',
    authors: [{ name: 'TokenUnify' }],
    cite: [{ text: 'TokenUnify', url: 'https://example.org' }],
    testInput: encodeNpy(ndArray('uint8', [1, 1, ...tile])),
    checkpoint: encodeCheckpoint(checkpoint('finetune')),
    timestamp: '2026-01-01T00:00:00Z',
  });
  return directory;
}

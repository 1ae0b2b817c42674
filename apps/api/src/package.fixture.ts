import { encodeNpy, ndArray } from '@tokenunify/em-io';
import {
  affinityForward,
  describeNetwork,
  encodeCheckpoint,
  initialWeights,
  presetNamed,
  traceOnnx,
  writeModelPackage,
  type ModelPackage,
} from '@tokenunify/model';

const tileShape = [16, 32, 32] as const;

/** A package with the real nano network, small tiles and weights nobody trained, which can be trained on. */
export function writeUntrainedPackage(
  dir: string,
  {
    version = '0.0.1',
    seed = 7,
    testOutput,
  }: { readonly version?: string; readonly seed?: number; readonly testOutput?: Uint8Array } = {},
): Promise<ModelPackage> {
  const preset = presetNamed('nano');
  const weights = initialWeights(describeNetwork(preset, 'affinities', tileShape).parameters, seed);
  return writeModelPackage(dir, {
    name: 'TokenUnify nano (untrained)',
    version,
    description: 'For tests.',
    preset: preset.name,
    model: traceOnnx({
      inputShape: [1, ...tileShape],
      weights,
      trace: (ops, source, input) => ops.sigmoid(affinityForward(ops, source, preset, input)),
    }),
    opsetVersion: 17,
    tileShape,
    minimumShape: preset.token,
    inputScale: { offset: 0, scale: 1 / 255 },
    postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.5 } },
    metrics: {},
    training: {},
    modelCard: '# Untrained\n',
    license: 'Apache-2.0',
    authors: [{ name: 'TokenUnify' }],
    cite: [{ text: 'TokenUnify', url: 'https://example.org' }],
    ...(testOutput && { testOutput }),
    testInput: encodeNpy(ndArray('uint8', [1, 1, ...tileShape])),
    checkpoint: encodeCheckpoint({ weights, state: { command: 'finetune', preset: preset.name, step: 0 } }),
    timestamp: '2026-01-01T00:00:00Z',
  });
}

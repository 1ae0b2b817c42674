import { externalName } from '../onnx/index.ts';
import type { ModelPackageInput, Vec3 } from './types.ts';

export const FORMAT_VERSION = '0.5.4';
export const RDF = 'rdf.yaml';
export const FILES = {
  model: 'model.onnx',
  /** Beside the model when it is large. */
  modelData: externalName('model.onnx'),
  testInput: 'test-input.npy',
  testOutput: 'test-output.npy',
  modelCard: 'README.md',
  checkpoint: 'checkpoint.safetensors',
} as const;

/** sha256 of each file of the package but rdf.yaml, by name. */
export type FileDigests = Readonly<Record<string, string>>;

/** What processors may differ by on a float16 model: the specification allows a hundredth of the largest
 * value, and an affinity of an untrained network is about 0.5. */
const HALF_PRECISION = { relative_tolerance: 0.01, absolute_tolerance: 0.005 };

const spaceAxes = (shape: Vec3, voxelSize: Vec3 | undefined): object[] =>
  (['z', 'y', 'x'] as const).map((id, axis) => ({
    type: 'space',
    id,
    size: shape[axis],
    ...(voxelSize && { unit: 'nanometer', scale: voxelSize[axis] }),
  }));

/**
 * The content of rdf.yaml. Other tools read the BioImage.IO fields (the test input is raw, so the scaling is a
 * preprocessing step there); this system reads `config.tokenunify` and the weights entry.
 * https://github.com/bioimage-io/spec-bioimage-io, model description 0.5.
 */
export function describeModel(input: ModelPackageInput, digests: FileDigests): object {
  const { offset, scale } = input.inputScale;
  return {
    type: 'model',
    format_version: FORMAT_VERSION,
    name: input.name,
    version: input.version,
    description: input.description,
    documentation: FILES.modelCard,
    license: input.license,
    authors: input.authors,
    cite: input.cite,
    tags: input.tags ?? ['electron-microscopy', 'connectomics', 'neuron-segmentation', 'affinities', '3d'],
    timestamp: input.timestamp,
    ...(input.checkpoint && {
      attachments: [{ source: FILES.checkpoint, sha256: digests[FILES.checkpoint] }],
    }),
    inputs: [
      {
        id: 'raw',
        description: 'One tile of grey values, 0 to 255.',
        axes: [
          { type: 'batch' },
          { type: 'channel', channel_names: ['grey'] },
          ...spaceAxes(input.tileShape, input.voxelSize),
        ],
        data: { type: 'uint8', range: [0, 255] },
        preprocessing: [
          { id: 'ensure_dtype', kwargs: { dtype: 'float32' } },
          { id: 'scale_linear', kwargs: { gain: scale, offset: 0 - offset * scale } },
          // without it, whoever follows the specification goes back to the type of the data
          { id: 'ensure_dtype', kwargs: { dtype: 'float32' } },
        ],
        test_tensor: { source: FILES.testInput, sha256: digests[FILES.testInput] },
      },
    ],
    outputs: [
      {
        id: 'affinities',
        description: 'Channel d at voxel v is the probability that v and v - e_d belong to one neuron.',
        axes: [
          { type: 'batch' },
          { type: 'channel', channel_names: ['affinity_z', 'affinity_y', 'affinity_x'] },
          ...spaceAxes(input.tileShape, input.voxelSize),
        ],
        data: { type: 'float32', range: [0, 1] },
        test_tensor: { source: FILES.testOutput, sha256: digests[FILES.testOutput] },
      },
    ],
    weights: {
      onnx: {
        source: FILES.model,
        sha256: digests[FILES.model],
        opset_version: input.opsetVersion,
        ...(digests[FILES.modelData] && {
          external_data: { source: FILES.modelData, sha256: digests[FILES.modelData] },
        }),
      },
    },
    config: {
      ...(input.dtype === 'float16' && { bioimageio: { reproducibility_tolerance: [HALF_PRECISION] } }),
      tokenunify: {
        preset: input.preset,
        ...(input.dtype === 'float16' && { dtype: input.dtype }),
        tileShape: input.tileShape,
        minimumShape: input.minimumShape,
        inputScale: input.inputScale,
        ...(input.voxelSize && { voxelSize: input.voxelSize }),
        postprocessing: input.postprocessing,
        metrics: input.metrics,
        training: input.training,
        modelCard: FILES.modelCard,
        ...(input.checkpoint && { checkpoint: FILES.checkpoint }),
        files: digests,
      },
    },
  };
}

import type { LabelledBlock } from '../../../sampling/load.ts';
import type { Annotation, Both, WorstNeuron } from '../types.ts';
import { neuronPicture } from './picture.ts';
import type { NeuronLoss } from './pool.ts';
import { largestSection } from './section.ts';

export interface ShownBox {
  readonly annotation: Annotation;
  readonly block: LabelledBlock;
  readonly truth: Uint32Array;
  readonly labels: Both<Uint32Array>;
}

/** A neuron as the report shows it, with a picture. */
export function describeNeuron(
  { component, voxels, champion, challenger }: NeuronLoss,
  { annotation, block, truth, labels }: ShownBox,
): WorstNeuron {
  const { shape, raw, voxelSize = [1, 1, 1] } = block;
  // where z is coarser, other sections than those across z are no pictures that people read
  const axes = new Set(voxelSize).size === 1 ? ([0, 1, 2] as const) : ([0] as const);
  const section = largestSection(truth, shape, component, axes)!; // it has voxels
  const [z, y, x] = section.at;
  const picture = neuronPicture({
    ...{ shape, raw, truth, neuron: component, section },
    segmentations: [labels.champion, labels.challenger],
  });
  const { start } = annotation.box;
  return {
    annotation: annotation.key,
    source: annotation.raw,
    box: annotation.box,
    neuron: block.labels[(z * shape[1] + y) * shape[2] + x]!,
    ...{ voxels, champion, challenger },
    at: [z + start[0], y + start[1], x + start[2]],
    axis: section.axis,
    picture: Buffer.from(picture).toString('base64'),
  };
}

import type { Annotation, Both, WorstNeuron } from '../types.ts';
import { labelsOf, openBox, type OpenBox } from './boxes.ts';
import { neuronPicture } from './picture.ts';
import { worstOf, type NeuronLoss, type Pool } from './pool.ts';
import { largestSection } from './section.ts';
import type { Segmenter } from './segmented.ts';

interface ShownBox extends OpenBox {
  readonly annotation: Annotation;
  readonly labels: Both<Uint32Array>;
}

/** A neuron as the report shows it, with a picture. */
function describeNeuron(
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

/** Box by box again, for the pictures: only now it is known which neurons are the worst of all. */
export async function worstNeurons(
  pool: Pool,
  segmenters: Both<Segmenter>,
  annotations: readonly Annotation[],
  signal: AbortSignal,
): Promise<WorstNeuron[]> {
  const worst = worstOf(pool.losses());
  const described = new Map<(typeof worst)[number], WorstNeuron>();
  for (const [index, annotation] of annotations.entries()) {
    const here = worst.filter(({ box }) => box === index);
    if (here.length === 0) continue;
    signal.throwIfAborted();
    const opened = await openBox(annotation, signal);
    const labels = await labelsOf(segmenters, annotation, opened.block);
    for (const loss of here) described.set(loss, describeNeuron(loss, { annotation, labels, ...opened }));
  }
  return worst.map((loss) => described.get(loss)!); // each lies in one of the boxes
}

/** A thread that compares two volumes of labels. Memory: a chunk of each, and the pairs of labels that meet. */
import { parentPort, workerData } from 'node:worker_threads';
import { getPriority, setPriority } from 'node:os';
import { openVolume, type Box, type Vec3, type Volume } from '@tokenunify/em-io';
import {
  ContingencyTable,
  SegmentationError,
  variationOfInformation,
  type LabelArray,
} from '@tokenunify/segmentation';
import { carry } from '../../segmenter/carry.ts';
import type { Agreement, CompareRequest, FromCompareThread } from './compare.ts';

const port = parentPort;
if (port === null) throw new Error('compare-worker.ts runs as a worker thread; a shadow starts it.');

/** Nobody waits for it: on Linux this is the priority of this thread alone, elsewhere that of the process. */
const LOWER = 15;
if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + LOWER));

/** Of a pair, while the table grows or is summed up. */
const PAIR_BYTES = 200;

const request = workerData as CompareRequest; // what compareLabels gives
compare(request).then(
  (agreement) => send({ type: 'done', agreement }),
  (error: unknown) => {
    const carried = carry(error);
    send({ type: 'failed', error: { ...carried, message: withoutPaths(carried.message) } });
  },
);

async function compare({ truth, labels, memoryLimit }: CompareRequest): Promise<Agreement> {
  const volumes = await Promise.all([truth, labels].map((path) => openVolume(path)));
  const [first, second] = volumes as [Volume, Volume]; // as many as paths
  try {
    if (first.shape.join() !== second.shape.join()) throw differentShapes(first.shape, second.shape);
    const table = new ContingencyTable();
    for (const box of boxes(first)) {
      const [a, b] = await Promise.all([first.read(box), second.read(box)]);
      // labels are whole numbers: what jobs write
      table.add(a.data as LabelArray, b.data as LabelArray);
      if (table.pairCount * PAIR_BYTES > memoryLimit) throw tooManyPairs(table.pairCount, memoryLimit);
    }
    const { split, merge } = variationOfInformation(table);
    return { voxels: table.overlap().n, voiSplit: split, voiMerge: merge };
  } finally {
    await Promise.all(volumes.map((volume) => volume.close()));
  }
}

/** The chunks of a volume. */
function* boxes({ shape, chunkShape = shape }: Volume): Generator<Box> {
  const end = (start: Vec3): Vec3 => [
    Math.min(shape[0], start[0] + chunkShape[0]),
    Math.min(shape[1], start[1] + chunkShape[1]),
    Math.min(shape[2], start[2] + chunkShape[2]),
  ];
  for (let z = 0; z < shape[0]; z += chunkShape[0])
    for (let y = 0; y < shape[1]; y += chunkShape[1])
      for (let x = 0; x < shape[2]; x += chunkShape[2]) yield { start: [z, y, x], stop: end([z, y, x]) };
}

/** Where the server keeps things is nobody's business. */
const withoutPaths = (message: string): string =>
  message
    .replaceAll(request.truth, 'the result of the champion')
    .replaceAll(request.labels, 'that of the challenger');

const differentShapes = (a: Vec3, b: Vec3): SegmentationError =>
  new SegmentationError(
    'segmentation/bad-shape',
    `The labels have ${b.join(' x ')} voxels, but those that they are compared with have ${a.join(' x ')}: compare segmentations of one box.`,
  );

const tooManyPairs = (count: number, limit: number): SegmentationError =>
  new SegmentationError(
    'segmentation/memory-limit',
    `More than ${count} pairs of labels meet, which take more than the ${limit} bytes of a job: give jobs more memory.`,
  );

function send(message: FromCompareThread): void {
  port?.postMessage(message);
}

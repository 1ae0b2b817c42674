import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createVolume, openVolume, type Box, type Vec3 } from '@tokenunify/em-io';
import {
  directoryArtefacts,
  labelChunkShape,
  labelShape,
  planJob,
  runJob,
  runTask,
  taskWorker,
  type JobPlan,
  type JobSpec,
} from './index.ts';
import {
  GreyPredictor,
  inOnePiece,
  last,
  neurons,
  outputOf,
  temporaryDirectory,
  tileCountOf,
} from './testing.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(() => directory.remove());

const shape: Vec3 = [20, 26, 30];
const tileShape: Vec3 = [8, 12, 12];
const volume = neurons(shape, 7);
const base: JobSpec = {
  shape,
  tileShape,
  postprocessing: {
    watershed: { mode: '3d', cell: [8, 10, 9], halo: [2, 3, 4] },
    agglomeration: { scoring: 'mean', threshold: 0.35 },
  },
};

function withPost(watershed: object, agglomeration: object = {}, minimumSize?: number): JobSpec {
  const { postprocessing: p } = base;
  return {
    ...base,
    postprocessing: {
      watershed: { ...p.watershed, ...watershed },
      agglomeration: { ...p.agglomeration, ...agglomeration },
      ...(minimumSize !== undefined && { minimumSize }),
    },
  };
}

describe('a job', () => {
  const box: Box = { start: [3, 5, 4], stop: [19, 26, 25] };
  const cases: [string, JobSpec][] = [
    ['one cell a block', { ...base, block: [8, 10, 9] }],
    ['several cells a block', { ...base, block: [16, 10, 27] }],
    ['the default block', base],
    ['a cell larger than the volume', withPost({ cell: [64, 64, 64] })],
    ['sections', withPost({ mode: 'section', halo: [0, 3, 3] })],
    ['no halo', withPost({ halo: [0, 0, 0] })],
    ['a halo larger than a cell', withPost({ cell: [4, 5, 6], halo: [6, 6, 6] })],
    ['hist50', withPost({}, { scoring: 'hist50' })],
    ['max', withPost({}, { scoring: 'max', threshold: 0.1 })],
    ['a minimum size', withPost({}, {}, 60)],
    ['a minimum fragment size', withPost({ minimumFragmentSize: 9 })],
    ['a box off the cells', { ...base, box, block: [8, 10, 9] }],
    ['a box off the cells, in large blocks', { ...base, box }],
    ['a box in sections', { ...withPost({ mode: 'section' }), box, block: [8, 10, 9] }],
    ['tiles larger than the volume', { ...base, tileShape: [24, 32, 12], block: [8, 10, 9] }],
    ['one tile a task', { ...base, tilesPerTask: 1, overlap: 0.5, block: [8, 10, 9] }],
  ];
  it.each(cases)('gives the labels of the volume in one piece: %s', async (_, spec) => {
    const expected = await inOnePiece(volume, spec, new GreyPredictor(tileShapeOf(spec)));
    const plan = planJob(spec);
    const predictor = new GreyPredictor(tileShapeOf(spec));
    const output = outputOf(plan);
    const artefacts = directoryArtefacts(directory.path);
    const worker = taskWorker(plan, { artefacts, volume, predictor, output });
    const result = await last(runJob(plan, { artefacts, workers: [worker, worker] }));
    expect(output.labels).toEqual(expected.labels);
    expect(result).toMatchObject({ labelCount: expected.count, fragmentCount: expected.fragmentCount });
    expect(expected.fragmentCount).toBeGreaterThan(expected.count);
    expect(expected.count).toBeGreaterThan(1);
    expect(predictor.tiles).toBe(tileCountOf(spec));
  });

  it('is its tasks in any order that respects what they need', async () => {
    const plan: JobPlan = JSON.parse(JSON.stringify(planJob({ ...base, block: [8, 10, 9] }))) as JobPlan; // it is plain JSON
    const output = outputOf(plan);
    const predictor = new GreyPredictor(tileShape);
    const artefacts = directoryArtefacts(directory.path);
    for (const task of plan.tasks) await runTask(task, plan, { artefacts, volume, predictor, output });
    expect(output.labels).toEqual((await inOnePiece(volume, base, new GreyPredictor(tileShape))).labels);
  });

  it('writes a Zarr array in whole chunks', async () => {
    const spec = { ...base, box, block: [8, 10, 9] as const };
    const plan = planJob(spec);
    const path = `${directory.path}/labels.zarr`;
    const created = { shape: labelShape(plan), dtype: 'uint32', chunkShape: labelChunkShape(plan) } as const;
    const output = await createVolume(path, created);
    const artefacts = directoryArtefacts(`${directory.path}/artefacts`);
    const worker = taskWorker(plan, { artefacts, volume, predictor: new GreyPredictor(tileShape), output });
    await last(runJob(plan, { artefacts, workers: [worker, worker, worker] }));
    await output.close();
    const labels = await openVolume(path);
    const expected = await inOnePiece(volume, spec, new GreyPredictor(tileShape));
    expect((await labels.read({ start: [0, 0, 0], stop: labels.shape })).data).toEqual(expected.labels);
    await labels.close();
  });
});

const tileShapeOf = (spec: JobSpec): Vec3 => spec.tileShape;

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Vec3 } from '@tokenunify/em-io';
import type { PostProcessing } from '../chain/index.ts';
import {
  directoryArtefacts,
  dropStages,
  linkArtefacts,
  planJob,
  runJob,
  taskWorker,
  type ArtefactStore,
  type JobSpec,
} from './index.ts';
import {
  GreyPredictor,
  faultyArtefacts,
  filesUnder,
  inOnePiece,
  last,
  neurons,
  outputOf,
  temporaryDirectory,
} from './testing.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(() => directory.remove());

const shape: Vec3 = [16, 14, 20];
const tileShape: Vec3 = [8, 8, 8];
const volume = neurons(shape, 5, 20);
const specOf = (agglomeration: PostProcessing['agglomeration'], minimumSize = 0): JobSpec => ({
  shape,
  tileShape,
  block: [8, 8, 8],
  postprocessing: { watershed: { mode: '3d', cell: [8, 8, 8], halo: [2, 2, 2] }, agglomeration, minimumSize },
});
const first = specOf({ scoring: 'mean', threshold: 0.3 });
const other = specOf({ scoring: 'hist50', threshold: 0.45 }, 20);

async function segmentInto(artefacts: ArtefactStore, drop: readonly 'affinities'[] = []) {
  const plan = planJob(first);
  const context = { artefacts, volume, output: outputOf(plan), predictor: new GreyPredictor(tileShape) };
  return last(runJob(plan, { artefacts, workers: [taskWorker(plan, context)], dropStages: drop }));
}

/** Without a volume or a network: whatever needs them fails. */
async function relabelIn(artefacts: ArtefactStore) {
  const plan = planJob(other);
  const output = outputOf(plan);
  const stages = new Set<string>();
  const { run } = taskWorker(plan, { artefacts, output });
  const worker = {
    run: (...[task, signal]: Parameters<typeof run>) => (stages.add(task.stage), run(task, signal)),
  };
  await last(runJob(plan, { artefacts, workers: [worker] }));
  return { labels: output.labels, stages: [...stages] };
}

describe('agglomerating again', () => {
  const expected = () => inOnePiece(volume, other, new GreyPredictor(tileShape));

  it.each([
    ['beside the first job', directoryArtefacts],
    ['in a store that cannot link', (path: string) => faultyArtefacts(path, () => false)],
  ])('needs no inference, no affinities and no fragments made: %s', async (_, open) => {
    const from = directoryArtefacts(`${directory.path}/first`);
    await segmentInto(from, ['affinities']);
    const to = open(`${directory.path}/second`);
    expect(await linkArtefacts(from, to, ['fragments', 'graph'])).toBe(2 * 12);
    const { labels, stages } = await relabelIn(to);
    expect(labels).toEqual((await expected()).labels);
    expect(stages).toEqual(['agglomeration', 'labels']);
    expect(labels).not.toEqual((await inOnePiece(volume, first, new GreyPredictor(tileShape))).labels);
  });

  it('survives the first job being deleted', async () => {
    const from = directoryArtefacts(`${directory.path}/first`);
    await segmentInto(from);
    const to = directoryArtefacts(`${directory.path}/second`);
    await linkArtefacts(from, to, ['fragments', 'graph']);
    await dropStages(from, planJob(first), ['fragments', 'graph', 'affinities']);
    expect(
      (await filesUnder(`${directory.path}/first/files`)).filter((name) => !name.startsWith('agglom')),
    ).toEqual([]);
    expect((await relabelIn(to)).labels).toEqual((await expected()).labels);
  });

  it('works in the same store as well', async () => {
    const artefacts = directoryArtefacts(directory.path);
    await segmentInto(artefacts);
    expect((await relabelIn(artefacts)).labels).toEqual((await expected()).labels);
  });

  it('has other ids as soon as anything before it differs', () => {
    const ids = (spec: JobSpec, stage: string) =>
      planJob(spec)
        .tasks.filter((task) => task.stage === stage)
        .map(({ id }) => id);
    expect(ids(other, 'graph')).toEqual(ids(first, 'graph'));
    for (const changed of [
      specOf({ scoring: 'mean', threshold: 0.31 }),
      specOf({ scoring: 'max', threshold: 0.3 }),
      specOf({ scoring: 'mean', threshold: 0.3 }, 9),
    ]) {
      expect(ids(changed, 'agglomeration')).not.toEqual(ids(first, 'agglomeration'));
      expect(ids(changed, 'labels')).not.toEqual(ids(first, 'labels'));
    }
    const { watershed } = first.postprocessing;
    const boundary = {
      ...first,
      postprocessing: { ...first.postprocessing, watershed: { ...watershed, boundaryThreshold: 0.4 } },
    };
    expect(ids(boundary, 'affinities')).toEqual(ids(first, 'affinities'));
    expect(ids(boundary, 'fragments')).not.toEqual(ids(first, 'fragments'));
    for (const changed of [
      { input: 'x' },
      { overlap: 0.5 },
      { rawRange: [0, 9] as const },
      { block: [16, 8, 8] as const },
    ])
      expect(ids({ ...first, ...changed }, 'affinities')).not.toEqual(ids(first, 'affinities'));
  });
});

describe('a finished job', () => {
  it('is still done when affinities were dropped', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const result = await segmentInto(artefacts, ['affinities']);
    expect(await filesUnder(`${directory.path}/files/affinities`)).toEqual([]);
    const idle = { run: () => Promise.reject(new Error('there was nothing to do')) };
    expect(await last(runJob(planJob(first), { artefacts, workers: [idle] }))).toEqual(result);
  });
});

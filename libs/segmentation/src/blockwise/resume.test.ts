import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Vec3 } from '@tokenunify/em-io';
import type { Scoring } from '../agglomeration/index.ts';
import {
  directoryArtefacts,
  planJob,
  runJob,
  runTask,
  taskWorker,
  type JobSpec,
  type TaskContext,
} from './index.ts';
import { dropTask, readManifest } from './store/index.ts';
import {
  GreyPredictor,
  faultyArtefacts,
  filesUnder,
  inOnePiece,
  last,
  neurons,
  outputOf,
  random,
  temporaryDirectory,
  tileCountOf,
} from './testing.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeEach(async () => void (directory = await temporaryDirectory()));
afterEach(() => directory.remove());

const side = (min: number, max: number) => fc.integer({ min, max });
const vec = (min: number, max: number): fc.Arbitrary<Vec3> =>
  fc.tuple(side(min, max), side(min, max), side(min, max));

/** Jobs of 8 cells or more, and the way they are done. */
const jobs = fc.record({
  seed: fc.nat(),
  cell: vec(3, 6),
  cells: fc.constantFrom<Vec3>([2, 2, 2], [3, 2, 2], [2, 2, 3], [1, 3, 3], [4, 2, 1]),
  part: vec(0, 2),
  halo: vec(0, 4),
  blocks: vec(1, 2),
  tile: vec(4, 8),
  mode: fc.constantFrom<'3d' | 'section'>('3d', 'section'),
  scoring: fc.constantFrom<Scoring>('mean', 'max', 'hist50'),
  minimumSize: fc.constantFrom(0, 12),
  workers: fc.integer({ min: 1, max: 4 }),
  interruptions: fc.array(fc.constantFrom('abort' as const, 'before' as const, 'after' as const), {
    maxLength: 3,
  }),
});

describe('one volume, one partition', () => {
  it('for any blocks, workers and order, and however often it is interrupted', async () => {
    const property = fc.asyncProperty(jobs, async (job) => {
      const next = random(job.seed);
      const side = (d: 0 | 1 | 2) => Math.max(2, job.cell[d] * job.cells[d] - job.part[d]);
      const shape: Vec3 = [side(0), side(1), side(2)];
      const spec: JobSpec = {
        shape,
        tileShape: job.tile,
        block: [job.cell[0] * job.blocks[0], job.cell[1] * job.blocks[1], job.cell[2] * job.blocks[2]],
        tilesPerTask: 1 + (job.seed % 4),
        postprocessing: {
          watershed: { mode: job.mode, cell: job.cell, halo: job.halo },
          agglomeration: { scoring: job.scoring, threshold: 0.3 },
          minimumSize: job.minimumSize,
        },
      };
      const volume = neurons(shape, job.seed, 9);
      const expected = await inOnePiece(volume, spec, new GreyPredictor(job.tile));
      const { path, remove } = await temporaryDirectory();
      try {
        const plan = planJob(spec);
        const output = outputOf(plan);
        const run = (artefacts: TaskContext['artefacts'], signal?: AbortSignal) => {
          const context = { artefacts, volume, output, predictor: new GreyPredictor(job.tile, 2) };
          return last(
            runJob(plan, {
              artefacts,
              workers: Array.from({ length: job.workers }, () => taskWorker(plan, context)),
              order: () => next(),
              sweepOlderThan: next() < 0.5 ? 0 : 3_600_000,
              ...(signal && { signal }),
            }),
          );
        };
        for (const kind of job.interruptions) {
          let left = Math.floor(next() * 300);
          const stop = new AbortController();
          const artefacts = faultyArtefacts(path, () => {
            if (--left > 0) return false;
            if (kind !== 'abort') return kind;
            stop.abort(new Error('stopped'));
            return false;
          });
          await run(artefacts, stop.signal).catch((error: unknown) => {
            expect(String(error)).toMatch(/stopped|the store failed/);
          });
        }
        const result = await run(directoryArtefacts(path));
        expect(output.labels).toEqual(expected.labels);
        expect(result.labelCount).toBe(expected.count);
        const left = await filesUnder(path);
        expect(left.filter((name) => name.startsWith('tmp/'))).toEqual([]);
        expect(left.filter((name) => name.startsWith('manifests/tiles/'))).toEqual([]);
      } finally {
        await remove();
      }
    });
    await fc.assert(property, { numRuns: 50 });
  });
});

const shape: Vec3 = [40, 14, 14];
const tileShape: Vec3 = [8, 8, 8];
const spec: JobSpec = {
  shape,
  tileShape,
  block: [8, 8, 8],
  postprocessing: {
    watershed: { mode: '3d', cell: [8, 8, 8], halo: [2, 2, 2] },
    agglomeration: { scoring: 'mean', threshold: 0.3 },
  },
};
const volume = neurons(shape, 3, 24);
const plan = planJob(spec);
const tileCount = tileCountOf(spec);

describe('resuming', () => {
  it('infers nothing again that was blended', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const output = outputOf(plan);
    const predictor = new GreyPredictor(tileShape);
    const workers = [taskWorker(plan, { artefacts, volume, predictor, output })];
    for await (const { stage, done } of runJob(plan, { artefacts, workers, order: (_, place) => place }))
      if (stage === 'fragments' && done === 2) break;
    expect(predictor.tiles).toBe(tileCount);
    const without = [taskWorker(plan, { artefacts, output })];
    const first = await runJob(plan, { artefacts, workers: without }).next();
    expect(first.value).toEqual({ stage: 'tiles', done: tileCount, total: tileCount, unit: 'tiles' });
    await last(runJob(plan, { artefacts, workers: without }));
    expect(output.labels).toEqual((await inOnePiece(volume, spec, new GreyPredictor(tileShape))).labels);
  });

  it('changes nothing when the job is done', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const context = { artefacts, volume, output: outputOf(plan), predictor: new GreyPredictor(tileShape) };
    const result = await last(runJob(plan, { artefacts, workers: [taskWorker(plan, context)] }));
    const before = await filesUnder(directory.path);
    const idle = { run: () => Promise.reject(new Error('there was nothing to do')) };
    expect(await last(runJob(plan, { artefacts, workers: [idle] }))).toEqual(result);
    expect(await filesUnder(directory.path)).toEqual(before);
  });

  it('leaves alone what others are writing, and removes what is old', async () => {
    const artefacts = directoryArtefacts(directory.path);
    await artefacts.put('tmp/half', [Uint8Array.of(1)]);
    await artefacts.put('files/graph/0/0-0-0/edges-1.float64', [Uint8Array.of(1)]);
    const context = { artefacts, volume, output: outputOf(plan), predictor: new GreyPredictor(tileShape) };
    const workers = [taskWorker(plan, context)];
    await last(runJob(plan, { artefacts, workers }));
    expect(await filesUnder(directory.path)).toContain('tmp/half');
    await last(runJob(plan, { artefacts, workers, now: () => Date.now() + 3_700_000 }));
    expect((await filesUnder(directory.path)).filter((name) => /half|edges-1\./.test(name))).toEqual([]);
  });
});

describe('a job at work', () => {
  it('keeps predictions only until they are blended', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const long: Vec3 = [96, 10, 10];
    const tower = planJob({ ...spec, shape: long });
    const predictor = new GreyPredictor(tileShape);
    const context = { artefacts, volume: neurons(long, 3), output: outputOf(tower), predictor };
    const workers = [taskWorker(tower, context), taskWorker(tower, context)];
    let most = 0;
    for await (const _ of runJob(tower, { artefacts, workers })) {
      const files = await filesUnder(`${directory.path}/files/tiles`);
      most = Math.max(most, files.length);
    }
    const tasks = tower.tasks.filter(({ stage }) => stage === 'tiles').length;
    expect(most).toBeLessThan(tasks / 3);
    expect(most).toBeGreaterThan(1);
    expect(await filesUnder(`${directory.path}/files/tiles`)).toEqual([]);
  });

  it('agrees with another that does the same job at once, though their networks do not', async () => {
    const output = outputOf(plan);
    const runners = [1, 2].map((seed) => {
      const next = random(seed);
      const artefacts = directoryArtefacts(directory.path);
      const predictor = new GreyPredictor(tileShape);
      const shaky = {
        ...{ tileShape, batchSize: 2, channels: 3 as const },
        predict: async (tiles: Float32Array, count: number) =>
          (await predictor.predict(tiles, count)).map((value) => Math.min(1, value * (1 + 0.002 * next()))),
      };
      const workers = [1, 2].map(() => taskWorker(plan, { artefacts, volume, predictor: shaky, output }));
      return last(runJob(plan, { artefacts, workers, order: () => next() }));
    });
    const [first, second] = await Promise.all(runners);
    expect(first).toEqual(second);
    // what is in the output is what the artefacts say, for every block
    const again = outputOf(plan);
    const artefacts = directoryArtefacts(directory.path);
    for (const task of plan.tasks)
      if (task.stage === 'labels') await artefacts.delete(`manifests/${task.id}.json`);
    await last(runJob(plan, { artefacts, workers: [taskWorker(plan, { artefacts, output: again })] }));
    expect(output.labels).toEqual(again.labels);
  });

  it('stops at the first failure, with its error, and goes on later', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const output = outputOf(plan);
    const broken = { ...outputOf(plan), write: () => Promise.reject(new Error('the disk is full')) };
    const predictor = new GreyPredictor(tileShape);
    const run = (to: TaskContext['output'] & {}) => {
      const worker = taskWorker(plan, { artefacts, volume, predictor, output: to });
      return last(runJob(plan, { artefacts, workers: [worker, worker] }));
    };
    await expect(run(broken)).rejects.toThrow('the disk is full');
    await run(output);
    expect(predictor.tiles).toBe(tileCount);
    expect(output.labels).toEqual((await inOnePiece(volume, spec, new GreyPredictor(tileShape))).labels);
  });

  it('takes what another has made of a task and then cleaned up after', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const first = plan.tasks.find(({ stage }) => stage === 'affinities')!; // every plan has some
    const context = { artefacts, volume, predictor: new GreyPredictor(tileShape) };
    for (const task of plan.tasks) if (first.after.includes(task.id)) await runTask(task, plan, context);
    let reads = 0;
    const late: TaskContext['artefacts'] = {
      ...faultyArtefacts(directory.path, () => false),
      async getRange(name, offset, target) {
        if (reads++ === 1) {
          await runTask(first, plan, context);
          for (const id of first.after) await dropTask(artefacts, id);
        }
        await artefacts.getRange(name, offset, target);
      },
    };
    await runTask(first, plan, { ...context, artefacts: late });
    expect(reads).toBe(2);
    expect(await readManifest(artefacts, first.id)).toBeDefined();
  });

  it('says how much memory agglomeration takes when that is too much', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const output = outputOf(plan);
    const predictor = new GreyPredictor(tileShape);
    const run = (memoryLimit: number) =>
      last(
        runJob(plan, {
          artefacts,
          workers: [taskWorker(plan, { artefacts, volume, predictor, output, memoryLimit })],
        }),
      );
    const error = await run(1000).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'segmentation/memory-limit',
      message: expect.stringMatching(/takes about \d+ bytes, more than the memoryLimit of 1000/),
    });
    await run(Number(/about (\d+) bytes/.exec(String(error))?.[1]));
    expect(predictor.tiles).toBe(tileCount);
  });

  it('says when nobody takes a stage', async () => {
    const artefacts = directoryArtefacts(directory.path);
    const worker = { ...taskWorker(plan, { artefacts }), stages: ['labels'] as const };
    await expect(last(runJob(plan, { artefacts, workers: [worker] }))).rejects.toThrow(
      /a worker for every stage/,
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxShape, intersectBoxes, type Box, type Vec3 } from '@tokenunify/em-io';
import { planTiles } from '../tiles/index.ts';
import { JobGeometry } from './geometry.ts';
import {
  countTasks,
  directoryArtefacts,
  labelChunkShape,
  labelShape,
  planJob,
  runTask,
  type JobSpec,
} from './index.ts';

const base: JobSpec = {
  shape: [300, 400, 500],
  tileShape: [64, 64, 64],
  postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.4 } },
};
const watershed = (options: object): JobSpec => ({
  ...base,
  postprocessing: { ...base.postprocessing, watershed: { mode: '3d', ...options } },
});

const axis = fc
  .record({ length: fc.integer({ min: 1, max: 40 }), low: fc.nat(39), cell: fc.integer({ min: 1, max: 9 }) })
  .chain(({ length, low, cell }) =>
    fc.record({
      length: fc.constant(length),
      cell: fc.constant(cell),
      start: fc.constant(Math.min(low, length - 1)),
      stop: fc.integer({ min: Math.min(low, length - 1) + 1, max: length }),
      block: fc.integer({ min: 1, max: 3 }).map((n) => n * cell),
      tile: fc.integer({ min: 1, max: 20 }),
    }),
  );
const specs = fc.tuple(axis, axis, axis).map((axes): JobSpec => {
  const of = (key: keyof (typeof axes)[0]): Vec3 => [axes[0][key], axes[1][key], axes[2][key]];
  return {
    ...base,
    shape: of('length'),
    box: { start: of('start'), stop: of('stop') },
    tileShape: of('tile'),
    block: of('block'),
    tilesPerTask: 3,
    postprocessing: { ...base.postprocessing, watershed: { mode: '3d', cell: of('cell'), halo: [1, 2, 3] } },
  };
});
const volume = (box: Box) => boxShape(box).reduce((product, side) => product * side, 1);

describe('a plan', () => {
  it('is the same every time, plain JSON, and in an order in which it can be done', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const plan = planJob(spec);
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
        expect(planJob(plan.spec)).toEqual(plan);
        const seen = new Set<string>();
        for (const { id, after } of plan.tasks) {
          expect(after.every((needed) => seen.has(needed))).toBe(true);
          expect(seen.has(id)).toBe(false);
          seen.add(id);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('infers every tile that touches the box once, and blends it wherever it touches', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const plan = planJob(spec);
        const geometry = new JobGeometry(plan.spec);
        const { shape, tileShape, overlap } = plan.spec;
        const runs = plan.tasks.filter(({ stage }) => stage === 'tiles');
        const starts = runs.flatMap(({ place }) => geometry.run(place)).map(String);
        const expected = planTiles(shape, tileShape, overlap, plan.spec.box).tiles;
        expect(starts.sort()).toEqual(expected.map(String).sort());
        for (const place of geometry.blocks.places()) {
          const tiles = geometry.tiles(place);
          const touching = planTiles(shape, tileShape, overlap, geometry.blocks.block(place)).tiles;
          expect(tiles.map(({ start }) => start)).toEqual(touching);
          for (const { start, run, index } of tiles) expect(geometry.run(run)[index]).toEqual(start);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('knows which blocks need a run of tiles, and how many tasks there are before it makes them', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const plan = planJob(spec);
        const geometry = new JobGeometry(plan.spec);
        for (const { id, stage, place } of plan.tasks) {
          if (stage !== 'tiles') continue;
          const needing = plan.tasks.filter(
            (other) => other.stage === 'affinities' && other.after.includes(id),
          );
          const consumers = geometry.consumers(place).map((at) => geometry.id('affinities', at));
          expect(consumers.sort()).toEqual(needing.map((task) => task.id).sort());
        }
        const count = countTasks(spec);
        expect(count).toBeGreaterThanOrEqual(plan.tasks.length);
        expect(count).toBeLessThan(12 * plan.tasks.length + 100);
      }),
      { numRuns: 60 },
    );
  });

  it('of a volume that is nothing but long is counted at once', () => {
    const long = { ...base, shape: [4, 16, 1e11] as const };
    const start = performance.now();
    expect(countTasks(long)).toBeGreaterThan(1e8);
    expect(performance.now() - start).toBeLessThan(50);
  });

  it('cuts the box into blocks of whole cells, and the output into chunks of which none is in two blocks', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const plan = planJob(spec);
        const { blocks, output } = new JobGeometry(plan.spec);
        for (const grid of [blocks, output]) {
          const boxes = [...grid.places()].map((place) => grid.block(place));
          expect(boxes.reduce((sum, box) => sum + volume(box), 0)).toBe(volume(plan.spec.box));
          boxes.forEach((a, i) =>
            boxes.slice(i + 1).forEach((b) => expect(intersectBoxes(a, b)).toBeUndefined()),
          );
        }
        const chunk = labelChunkShape(plan);
        const shape = labelShape(plan);
        for (const place of output.places()) {
          const { start, stop } = output.block(place);
          for (const d of [0, 1, 2] as const) {
            expect((start[d] - plan.spec.box.start[d]) % chunk[d]).toBe(0);
            const end = stop[d] - plan.spec.box.start[d];
            expect(end === shape[d] || end % chunk[d] === 0).toBe(true);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes one cell a block, or several small ones', () => {
    expect(planJob(base).spec.block).toEqual([256, 256, 256]);
    expect(planJob(watershed({ cell: [32, 64, 100] })).spec.block).toEqual([128, 128, 100]);
    expect(labelChunkShape(planJob(base))).toEqual([64, 64, 64]);
  });
});

describe('a spec', () => {
  it.each<[Partial<JobSpec>, RegExp]>([
    [{ shape: [0, 4, 4] }, /^shape is \[0,4,4\], but it must be three whole numbers/],
    [{ shape: [2 ** 20, 2 ** 20, 2 ** 20] }, /fewer than 2\^53 voxels/],
    [{ tileShape: [64, 64, 1.5] }, /^tileShape is/],
    [{ minimumShape: [8, 8, 501] }, /500 voxels along x.*at least 501/],
    [{ overlap: 1 }, /^overlap is 1/],
    [{ inputScale: { offset: 0, scale: NaN } }, /^inputScale is/],
    [{ rawRange: [9, 9] }, /^rawRange is \[9,9\]/],
    [{ tilesPerTask: 0 }, /^tilesPerTask is 0/],
    [{ box: { start: [0, 0, 0], stop: [301, 4, 4] } }, /^box is .* 300 x 400 x 500/],
    [{ box: { start: [0, 9, 0], stop: [4, 9, 4] } }, /^box is/],
    [{ block: [256, 256, 300] }, /^block is \[256,256,300\].*multiples of 256 x 256 x 256/],
    [watershed({ mode: '2d' }), /postprocessing.watershed.mode is "2d"/],
    [{ ...watershed({ cell: [2048, 2048, 2048] }), shape: [2048, 2048, 2048] }, /8589934592 voxels, but/],
  ])('is refused by field: %j', (fields, message) => {
    expect(() => planJob({ ...base, ...fields })).toThrow(message);
  });
});

describe('a task', () => {
  it('says what it lacks', async () => {
    const plan = planJob(base);
    const artefacts = directoryArtefacts('/nowhere/to/be/found');
    const first = (stage: string) => plan.tasks.find((task) => task.stage === stage)!; // every plan has all stages
    await expect(runTask(first('tiles'), plan, { artefacts })).rejects.toThrow(
      /needs the volume of its context/,
    );
    await expect(runTask(first('labels'), plan, { artefacts })).rejects.toThrow(
      /needs the output of its context/,
    );
    await expect(runTask(first('graph'), plan, { artefacts })).rejects.toMatchObject({
      code: 'segmentation/artefact-missing',
    });
  });
});

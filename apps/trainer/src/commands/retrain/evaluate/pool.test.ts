import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Pool, worstOf, type NeuronLoss } from './pool.ts';

const sum = (losses: readonly NeuronLoss[], of: (loss: NeuronLoss) => number) =>
  losses.reduce((all, loss) => all + of(loss), 0);

it('boxes that have the same ids share no neuron and no label, not even label 0', () => {
  const pool = new Pool();
  const truth = Uint32Array.of(1, 1, 2, 2);
  const labels = { champion: Uint32Array.of(0, 0, 1, 1), challenger: Uint32Array.of(1, 1, 1, 1) };
  pool.add(truth, labels);
  pool.add(truth, labels);
  expect(pool.scores()).toEqual({
    champion: { voi: 0, voiSplit: 0, voiMerge: 0, adaptedRand: 0 },
    challenger: { voi: 1, voiSplit: 0, voiMerge: 1, adaptedRand: expect.closeTo(0.5) },
  });
  expect(pool.losses().map(({ box, component, voxels }) => [box, component, voxels])).toEqual([
    [0, 1, 2],
    [0, 2, 2],
    [1, 1, 2],
    [1, 2, 2],
  ]);
});

it('the pooled VOI is the mean of the boxes by their voxels, and the sum over the neurons', () => {
  const ids = (n: number) => fc.uint32Array({ minLength: n, maxLength: n, max: 6 });
  const box = fc
    .integer({ min: 2, max: 60 })
    .chain((n) => fc.tuple(ids(n), ids(n), ids(n)))
    .map(([truth, champion, challenger]) => ({ truth: truth.with(0, 1), champion, challenger }));
  fc.assert(
    fc.property(fc.array(box, { minLength: 1, maxLength: 5 }), (boxes) => {
      const pool = new Pool();
      const alone = boxes.map(({ truth, ...labels }) => ({
        n: truth.filter((id) => id !== 0).length,
        ...pool.add(truth, labels),
      }));
      const n = alone.reduce((all, one) => all + one.n, 0);
      const scores = pool.scores();
      const losses = pool.losses();
      for (const who of ['champion', 'challenger'] as const) {
        const mean = alone.reduce((all, one) => all + (one.n / n) * one[who].voi, 0);
        expect(scores[who].voi).toBeCloseTo(mean, 9);
        expect(sum(losses, (loss) => loss[who].split)).toBeCloseTo(scores[who].voiSplit, 9);
        expect(sum(losses, (loss) => loss[who].merge)).toBeCloseTo(scores[who].voiMerge, 9);
      }
      boxes.forEach(({ truth }, b) => {
        const here = losses.filter((loss) => loss.box === b);
        const present = [...new Set(truth)].filter((id) => id !== 0).toSorted((x, y) => x - y);
        expect(here.map(({ component }) => component)).toEqual(present);
      });
    }),
  );
});

it('neurons to look at are the worst of each model and those that changed most', () => {
  const loss = (component: number, champion: number, challenger: number): NeuronLoss => ({
    ...{ box: 0, component, voxels: 1 },
    champion: { split: champion, merge: 0 },
    challenger: { split: 0, merge: challenger },
  });
  const all = [loss(1, 9, 9), loss(2, 8, 8.5), loss(3, 0, 3), loss(4, 1, 1), loss(5, 0, 0)];
  expect(worstOf(all, 1).map(({ component }) => component)).toEqual([1, 3]);
  expect(worstOf(all, 2).map(({ component }) => component)).toEqual([1, 2, 3]);
  expect(worstOf(all).map(({ component }) => component)).toEqual([1, 2, 3, 4]); // nothing is wrong with 5
});

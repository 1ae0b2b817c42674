import type { Engine } from '../engines/engine.ts';
import { describeNetwork } from '../network/describe.ts';
import { small, uniform } from '../network/small.fixture.ts';
import { hideTokens, pretrainingLoss } from '../objectives/loss.ts';
import { Random } from '../random.ts';
import { balancedCrossEntropy } from '../training/finetuning.ts';
import { differentiate, type Numbers } from './compute.fixture.ts';

const SPACE = [8, 8, 12] as const;

/** What training minimises, with its gradient by what it learns. */
export const losses: Record<string, (engine: Engine) => Promise<Numbers>> = {
  'pretraining, every objective, whole small network': (engine) => {
    const weights = { random: 1, next: 1, nextAll: 1 };
    const crops = [uniform(SPACE, 1, 0, 1), uniform(SPACE, 2, 0, 1)];
    const batch = hideTokens(small, crops, SPACE, weights, new Random(3));
    const values = describeNetwork(small, 'pretraining').parameters.map(({ name, shape }, i) => ({
      name,
      shape,
      data: uniform(shape, 100 + i, -0.6, 0.6),
    }));
    return differentiate(
      engine,
      values,
      ({ ops }, get) => pretrainingLoss(ops, { get }, small, batch, weights).total,
    );
  },
  'fine-tuning, balanced cross-entropy': (engine) => {
    const targets = uniform([60], 1).map((value) => (value > 0.4 ? 1 : 0));
    const mask = uniform([60], 2).map((value) => (value > -0.5 ? 1 : 0));
    return differentiate(
      engine,
      [{ name: 'logits', shape: [60], data: uniform([60], 3, -20, 20) }],
      ({ tf }, get) => balancedCrossEntropy(tf, get('logits'), targets, mask),
    );
  },
};

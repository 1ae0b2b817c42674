/** Every objective teaches something by itself: on crops it has not seen it beats what needs no learning. */
import { expect, it } from 'vitest';
import { openEngine } from '../engines/engine.ts';
import { describeTensorflow } from '../engines/tensorflow.fixture.ts';
import { Random } from '../random.ts';
import { sheets, space, trainAlone } from './alone.fixture.ts';

describeTensorflow('an objective that is trained alone', () => {
  const heldOut = Array.from({ length: 24 }, (_, i) => sheets(space, new Random(1000 + i)));

  it.each([
    ['random', 60, 16],
    ['next', 50, 32], // from one token a crop
    ['nextAll', 60, 16],
  ] as const)(
    '%s beats the mean of the visible tokens and a copy of the nearest one',
    async (objective, steps, batch) => {
      const engine = await openEngine('tensorflow');
      const { mse, baselines } = await trainAlone(engine, objective, { steps, batch, heldOut });
      expect(mse).toBeLessThan(0.95 * Math.min(baselines.meanVisible, baselines.nearestVisible));
      engine.dispose();
    },
  );
});

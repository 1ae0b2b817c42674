import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { microBatches, pretrainingBatches } from './micro-batches.ts';

describe('micro-batches', () => {
  it('are equal, are the batch together, fit, and are as few as that allows', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 40 }), (batch, most) => {
        const { crops, accumulate } = microBatches(batch, most);
        expect(crops * accumulate).toBe(batch);
        expect(crops).toBeLessThanOrEqual(most);
        for (let larger = crops + 1; larger <= Math.min(batch, most); larger++)
          expect(batch % larger).not.toBe(0);
      }),
    ));

  it('of pretraining count every crop twice, and one crop goes through however large it is', () => {
    expect(pretrainingBatches({ voxelsPerStep: 262_144 }, [32, 32, 32])).toEqual({ crops: 4, accumulate: 1 });
    expect(pretrainingBatches({ voxelsPerStep: 1 }, [64, 64, 64])).toEqual({ crops: 1, accumulate: 1 });
    const paper = { batch: 160, voxelsPerStep: 2 * 16 * 160 * 160 };
    expect(pretrainingBatches(paper, [16, 160, 160])).toEqual({ crops: 1, accumulate: 160 });
    expect(pretrainingBatches(paper, [16, 80, 80])).toEqual({ crops: 4, accumulate: 40 });
  });
});

import { defaultCurriculum } from '@tokenunify/model';
import { describe, expect, it } from 'vitest';
import { phasesOf, stepsOf } from './epochs.ts';

describe('an epoch', () => {
  it('is as many voxels in crops as there are to train on', () => {
    const phases = [{ until: 1, crop: [10, 10, 10], batch: 5 }] as const;
    expect(stepsOf(1, { voxels: 50_000, phases })).toBe(10);
    expect(stepsOf(0.5, { voxels: 50_000, phases })).toBe(5);
    expect(stepsOf(1, { voxels: 50_001, phases })).toBe(11);
    expect(stepsOf(1, { voxels: 1, phases })).toBe(1);
  });

  it('counts each phase’s crops for the share of the steps that it has', () => {
    const phases = phasesOf(defaultCurriculum, ([side]) => (side === 64 ? 1 : 2));
    const steps = stepsOf(100, { voxels: 250 ** 3, phases });
    const drawn = steps * (0.3 * 2 * 32 ** 3 + 0.4 * 2 * 48 ** 3 + 0.3 * 64 ** 3);
    expect(drawn / 250 ** 3).toBeCloseTo(100, 1);
  });

  it('of the paper’s batch on a volume of its own size are some thousand steps in all', () => {
    const phases = [{ until: 1, crop: [16, 160, 160], batch: 160 }] as const;
    expect(stepsOf(800, { voxels: 125 * 1250 * 1250, phases })).toBe(2385);
  });
});

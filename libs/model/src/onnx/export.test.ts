import { expect, it } from 'vitest';
import { openEngine } from '../engines/engine.ts';
import { exportDifferences } from './export.fixture.ts';

it('nano, exported, computes what the cpu engine does', async () => {
  const engine = await openEngine('cpu');
  const { float32, float16, batch } = await exportDifferences(engine, 'nano', [16, 16, 32]);
  expect(float32).toBeLessThan(1e-4);
  expect(float16).toBeLessThan(1e-2);
  expect(float16).toBeGreaterThan(float32); // or nothing was narrowed
  expect(batch).toBeLessThan(1e-5);
});

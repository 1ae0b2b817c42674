import { beforeAll, expect, test } from 'vitest';
import { openEngine, type Engine } from '../engines/engine.ts';
import { describeTensorflow } from '../engines/tensorflow.fixture.ts';
import { exportDifferences } from './export.fixture.ts';

describeTensorflow('what is exported computes what the native engine trained:', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine('tensorflow');
  });

  test.each([
    ['nano', [32, 32, 32]],
    ['nano-anisotropic', [16, 64, 64]],
    ['tiny', [32, 32, 32]],
    ['tiny-anisotropic', [16, 64, 64]],
    ['base', [32, 32, 32]],
    ['base-anisotropic', [16, 64, 64]],
    ['nano-transformer', [32, 32, 32]],
  ] as const)('%s', async (name, tile) => {
    const { float32, float16, batch } = await exportDifferences(engine, name, tile);
    console.log(`${name}: float32 ${float32.toExponential(1)}, float16 ${float16.toExponential(1)}`);
    expect(float32).toBeLessThan(1e-4);
    expect(float16).toBeLessThan(1e-2);
    expect(float16).toBeGreaterThan(float32);
    expect(batch).toBeLessThan(1e-5);
  });
});

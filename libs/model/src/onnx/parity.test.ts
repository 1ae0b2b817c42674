import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ShapeOps } from '../ops/shape-ops.ts';
import { cases } from './operations.fixture.ts';
import { opsets } from './opset.ts';
import { map, parity } from './parity.fixture.ts';

it('has a case for every operation', () => {
  const operations = Object.getOwnPropertyNames(ShapeOps.prototype).filter((name) => name !== 'constructor');
  const covered = new Set(Object.keys(cases).map((name) => name.split(':')[0]));
  expect(operations.filter((name) => !covered.has(name))).toEqual([]);
});

describe.each(opsets)('ONNX Runtime computes what TensorFlow.js does, opset %i', (opset) => {
  it.each(Object.keys(cases))('%s', async (name) => {
    for (const batch of [1, 3]) {
      expect(await parity(cases[name]!, { opset, batch }), `batch ${batch}`).toBeLessThan(1e-5);
    }
  });
});

describe.each(opsets)('in float16 it differs by what half precision loses, opset %i', (opset) => {
  it.each(Object.keys(cases))('%s', async (name) => {
    expect(await parity(cases[name]!, { opset, dtype: 'float16', batch: 2 })).toBeLessThan(3e-3);
  });
});

// Strides above the kernel are left out: there TensorFlow.js' own kernels pad by a negative amount, unlike TensorFlow.
it('a convolution pads as TensorFlow does, whatever size, kernel and stride', async () => {
  const axis = fc
    .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }))
    .map(([size, kernel, stride]) => [size, kernel, Math.min(stride, kernel)] as const);
  await fc.assert(
    fc.asyncProperty(fc.tuple(axis, axis, axis), async ([z, y, x]) => {
      const worst = await parity({
        inputs: [map(2, z[0], y[0], x[0])],
        run: (ops, [input], p) => {
          const filter = p.get('filter', [z[1], y[1], x[1], 2, 2], { kind: 'normal', std: 1 });
          return ops.conv3d(input!, filter, undefined, [z[2], y[2], x[2]]);
        },
      });
      expect(worst).toBeLessThan(1e-5);
    }),
    { numRuns: 60, seed: 7 },
  );
});

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Vec3 } from '../ops/ops.ts';
import { arrayOf, mapOf, ShapeOps } from '../ops/shape-ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import { selfAttention } from './attention.ts';
import { affinityForward } from './network.ts';
import { smallTransformer } from './modules.fixture.ts';
import { relativeError, sourceOf, uniform, volumeOf, weightsFor } from './small.fixture.ts';
import { transformerLayer } from './transformer.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const space: Vec3 = [3, 2, 4];
const tokens = volumeOf(space);
const channels = 8;
const options = { headChannels: 4, expand: 2 };
const weights = weightsFor((ops, p) => transformerLayer(ops, p, mapOf(1, channels, space), options));

const layer = (map: Float32Array, scoresAtOnce?: number): Float32Array =>
  tf.tidy(
    () =>
      transformerLayer(
        new TensorOps(tf),
        sourceOf(tf, weights),
        tf.tensor(map, [1, ...space, channels]),
        options,
        scoresAtOnce,
      ).dataSync() as Float32Array, // the network is float32
  );

describe('a Transformer layer', () => {
  const input = uniform([tokens, channels], 3);

  it.each([1, 2 * tokens, 2 * tokens * 5, 2 * tokens * 23, 2 * tokens * tokens])(
    'says the same whether %i scores are held at once or all',
    (atOnce) => {
      expect(relativeError(layer(input, atOnce), layer(input))).toBeLessThan(1e-6);
    },
  );

  it('lets every token see every other one', () => {
    const before = layer(input);
    for (const token of [0, 7, tokens - 1]) {
      const changed = input.slice();
      for (let c = 0; c < channels; c++) changed[token * channels + c]! += c % 2 === 0 ? 0.3 : -0.2;
      const after = layer(changed);
      for (let t = 0; t < tokens; t++)
        expect(
          before.subarray(t * channels, (t + 1) * channels).some((v, c) => v !== after[t * channels + c]),
        ).toBe(true);
    }
  });

  it('knows where a token lies: a map turned around gives something else than the answer turned around', () => {
    const turned = (map: Float32Array) =>
      Float32Array.from(
        { length: map.length },
        (_, i) => map[(tokens - 1 - Math.floor(i / channels)) * channels + (i % channels)]!,
      );
    expect(relativeError(layer(turned(input)), turned(layer(input)))).toBeGreaterThan(1e-3);
  });

  it('holds the scores of one block, as the documentation says', () => {
    let largest = 0;
    class Watching extends ShapeOps {
      override softmax(x: Parameters<ShapeOps['softmax']>[0]) {
        largest = Math.max(
          largest,
          this.shapeOf(x).reduce((product, size) => product * size, 1),
        );
        return x;
      }
    }
    const count = 51_200; // half resolution of 16 x 160 x 160
    const value = arrayOf([1, count, 32]);
    selfAttention(new Watching(), { get: (_, shape) => arrayOf(shape) }, { placed: value, values: value }, 2);
    expect(largest).toBeLessThanOrEqual(2 ** 25);
    expect(largest).toBeGreaterThan(2 ** 24);
  });

  it('costs 2 k^2 c multiply-adds beside the projections', () => {
    const cost = (count: number) => {
      const ops = new ShapeOps();
      const value = arrayOf([1, count, 32]);
      selfAttention(ops, { get: (_, shape) => arrayOf(shape) }, { placed: value, values: value }, 2);
      return ops.multiplyAdds;
    };
    expect(cost(1000)).toBe(2 * 1000 ** 2 * 32 + 4 * 1000 * 32 ** 2);
  });
});

it('a network with Transformer layers runs on crops of any size that suits its strides', () => {
  const p = { get: (_: string, shape: readonly number[]) => arrayOf(shape) };
  for (const crop of [
    [4, 8, 8],
    [8, 4, 12],
  ] as const) {
    const ops = new ShapeOps();
    const out = affinityForward(ops, p, smallTransformer, mapOf(1, 1, crop));
    expect(ops.mapShape(out)).toEqual({ batch: 1, channels: 3, space: crop });
  }
});

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Vec3 } from '../ops/ops.ts';
import { arrayOf, mapOf, ShapeOps } from '../ops/shape-ops.ts';
import { TensorOps } from '../ops/tensor-ops.ts';
import type { Weights } from '../training/weights.ts';
import { recordParameters } from './describe.ts';
import { nextTokenHead, perceive, resample } from './resampler.ts';
import { relativeError, sourceOf, uniform, volumeOf, weightsFor } from './small.fixture.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const CHANNELS = 12;
const options = { latents: 5, layers: 3, heads: 3, expand: 4 };
const weights = weightsFor((ops, p) => resample(ops, p, mapOf(1, CHANNELS, [1, 1, 1]), options));

const numbers = (t: tf.Tensor) => t.dataSync() as Float32Array; // the network is float32

const resampled = (map: Float32Array, space: Vec3, w: Weights = weights): Float32Array =>
  tf.tidy(() =>
    numbers(resample(new TensorOps(tf), sourceOf(tf, w), tf.tensor(map, [1, ...space, CHANNELS]), options)),
  );
/** Of features that carry their positions, [m, CHANNELS]. */
const perceived = (features: Float32Array, w: Weights = weights): Float32Array =>
  tf.tidy(() => {
    const tensor = tf.tensor(features, [1, features.length / CHANNELS, CHANNELS]);
    return numbers(perceive(new TensorOps(tf), sourceOf(tf, w), tensor, options));
  });

describe('the resampler', () => {
  it('makes as many visual tokens of any number of features, with the same weights', () => {
    const axis = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(axis, axis, axis, (z, y, x) => {
        const space: Vec3 = [z, y, x];
        const out = resampled(uniform([volumeOf(space), CHANNELS], 3), space);
        expect(out.length).toBe(options.latents * CHANNELS);
        expect(out.every(Number.isFinite)).toBe(true);
        const { parameters } = recordParameters((ops, p) =>
          resample(ops, p, mapOf(1, CHANNELS, space), options),
        );
        expect(parameters.map(({ name }) => name)).toEqual([...weights.keys()]);
      }),
      { numRuns: 12, seed: 1 },
    );
  });

  it('costs as much more as there are more features, not their square', () => {
    const cost = (count: number) => {
      const ops = new ShapeOps();
      perceive(ops, { get: (_, shape) => arrayOf(shape) }, arrayOf([1, count, CHANNELS]), options);
      return ops.multiplyAdds;
    };
    expect((cost(3000) - cost(2000)) / (cost(2000) - cost(1000))).toBe(1);
  });

  it('sees a set: features that change places together with their positions change nothing', () => {
    const count = 24;
    const features = uniform([count, CHANNELS], 5);
    const expected = perceived(features);
    const places = Array.from({ length: count }, (_, i) => i);
    fc.assert(
      fc.property(fc.shuffledSubarray(places, { minLength: count }), (order) => {
        const shuffled = new Float32Array(features.length);
        order.forEach((from, to) => {
          shuffled.set(features.subarray(from * CHANNELS, (from + 1) * CHANNELS), to * CHANNELS);
        });
        expect(relativeError(perceived(shuffled), expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 10, seed: 2 },
    );
  });

  it('knows where a feature lies: without its position, a place changes the visual tokens', () => {
    const space: Vec3 = [2, 3, 4];
    const map = uniform([volumeOf(space), CHANNELS], 6);
    const swapped = map.slice();
    swapped.set(map.subarray(0, CHANNELS), CHANNELS);
    swapped.set(map.subarray(CHANNELS, 2 * CHANNELS), 0);
    expect(relativeError(resampled(swapped, space), resampled(map, space))).toBeGreaterThan(1e-3);
  });

  it('a feature twice weighs twice, all of them twice weigh as before but for the latents beside them', () => {
    const features = uniform([6, CHANNELS], 7);
    const first = Float32Array.from([...features, ...features.subarray(0, CHANNELS)]);
    expect(relativeError(perceived(first), perceived(features))).toBeGreaterThan(1e-3);
    // many copies: what the latents see of themselves vanishes, and the result settles
    const copies = (n: number) => Float32Array.from(Array.from({ length: n }, () => [...features]).flat());
    expect(relativeError(perceived(copies(200)), perceived(copies(100)))).toBeLessThan(0.03);
    expect(relativeError(perceived(copies(2)), perceived(features))).toBeGreaterThan(0.01);
  });

  it('its keys and values are the features and the latents: every feature and every latent reaches every visual token', () => {
    const features = uniform([7, CHANNELS], 8);
    const expected = perceived(features);
    const touched = (out: Float32Array) =>
      Array.from({ length: options.latents }, (_, row) =>
        out
          .subarray(row * CHANNELS, (row + 1) * CHANNELS)
          .some((value, c) => value !== expected[row * CHANNELS + c]),
      );
    for (let feature = 0; feature < 7; feature++) {
      const changed = features.slice();
      changed[feature * CHANNELS]! += 0.5;
      expect(touched(perceived(changed)).every(Boolean)).toBe(true);
    }
    const learned = weights.get('latents')!;
    for (let latent = 0; latent < options.latents; latent++) {
      const data = learned.data.slice();
      data[latent * CHANNELS]! += 0.5;
      const moved = new Map(weights).set('latents', { ...learned, data });
      expect(touched(perceived(features, moved)).every(Boolean)).toBe(true);
    }
  });

  it('has layers of its own weights, each with attention without bias and a feed-forward of four widths', () => {
    const shapes = [...weights].map(([name, { shape }]) => `${name} ${shape.join('x')}`);
    expect(shapes.filter((line) => line.startsWith('layer1.'))).toEqual([
      'layer1.latent.norm.gain 12',
      'layer1.feature.norm.gain 12',
      ...['query', 'key', 'value', 'output'].map((part) => `layer1.attention.${part}.weight 12x12`),
      ...['norm.gain 12', 'up.weight 12x48', 'up.bias 48', 'down.weight 48x12', 'down.bias 12'].map(
        (part) => `layer1.feed.${part}`,
      ),
    ]);
    expect(shapes[0]).toBe('latents 1x5x12');
    expect(shapes.length).toBe(1 + 3 * 11);
  });

  it('hands the latents on through residuals: a layer that says nothing changes nothing', () => {
    const silent = new Map(
      [...weights].map(([name, weight]) => {
        const out = /(attention\.output|feed\.down)\./.test(name);
        return [name, out ? { ...weight, data: new Float32Array(weight.data.length) } : weight] as const;
      }),
    );
    expect(perceived(uniform([4, CHANNELS], 9), silent)).toEqual(weights.get('latents')!.data);
  });
});

describe('the next-token head', () => {
  const grid: Vec3 = [2, 2, 3];
  const head = { grid, tokenVoxels: 10, heads: 2 };
  const own = weightsFor((ops, p) =>
    nextTokenHead(ops, p, arrayOf([1, 5, CHANNELS]), arrayOf([1, 1, 12]), head),
  );
  const ask = (token: number, latents: Float32Array): Float32Array =>
    tf.tidy(() => {
      const position = tf.oneHot(tf.tensor2d([[token]], [1, 1], 'int32'), 12).cast('float32');
      const visual = tf.tensor(latents, [1, 5, CHANNELS]);
      return numbers(nextTokenHead(new TensorOps(tf), sourceOf(tf, own), visual, position, head));
    });
  const latents = uniform([5, CHANNELS], 4);

  it('answers for the token that is asked for', () => {
    const answers = Array.from({ length: 12 }, (_, token) => ask(token, latents));
    for (const [i, a] of answers.entries())
      for (const b of answers.slice(0, i)) expect(relativeError(a, b)).toBeGreaterThan(1e-4);
  });

  it('reads the visual tokens as a set', () => {
    const reversed = Float32Array.from({ length: latents.length }, (_, i) => {
      const [row, channel] = [Math.floor(i / CHANNELS), i % CHANNELS];
      return latents[(4 - row) * CHANNELS + channel]!;
    });
    expect(relativeError(ask(3, reversed), ask(3, latents))).toBeLessThan(1e-5);
    expect(relativeError(ask(3, uniform([5, CHANNELS], 5)), ask(3, latents))).toBeGreaterThan(1e-3);
  });
});

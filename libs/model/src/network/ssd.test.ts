import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { TensorOps } from '../ops/tensor-ops.ts';
import { relativeError, uniform } from './small.fixture.ts';
import {
  draw,
  extremes,
  forgetting,
  keeping,
  mild,
  mixed,
  names,
  recurrence,
  recurrenceGradients,
  scan as scanOn,
  scanGradients,
  type Arrays,
  type Sizes,
} from './ssd.fixture.ts';
import { CHUNK } from './ssd.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const ops = new TensorOps(tf);
const scan = (arrays: Arrays, sizes: Sizes, chunk = CHUNK) => scanOn(ops, arrays, sizes, chunk);

const sizes = { n: 2, d: 3, h: 2, p: 3, s: 4 };

describe('the scan is the recurrence, in float64 token by token:', () => {
  it.each([1, 7, 63, 64, 65, 200, 1000])('%i tokens in chunks of 64', (k) => {
    const size = k > 200 ? { ...sizes, n: 1, d: 1, k } : { ...sizes, k };
    const arrays = draw(size, mild);
    expect(relativeError(scan(arrays, size), recurrence(arrays, size))).toBeLessThan(1e-5);
  });

  it.each([1, 7, 8, 9, 64, 65, 8 * 8 * 8 + 3])('%i tokens in chunks of 8, and chunks of chunks', (k) => {
    const arrays = draw({ ...sizes, k }, mild);
    expect(relativeError(scan(arrays, { ...sizes, k }, 8), recurrence(arrays, { ...sizes, k }))).toBeLessThan(
      1e-5,
    );
  });

  it('more than 64 chunks of 64, so that chunks are cut into chunks as in use', () => {
    const size = { n: 1, d: 1, k: CHUNK * CHUNK + 5, h: 1, p: 2, s: 2 };
    const arrays = draw(size, mild);
    expect(relativeError(scan(arrays, size), recurrence(arrays, size))).toBeLessThan(1e-5);
  });

  it.each(extremes)('every decay is exp(%d)', (decay) => {
    for (const [k, chunk] of [
      [200, CHUNK],
      [8 * 8 * 8 + 3, 8],
    ] as const) {
      const arrays = draw({ ...sizes, k }, () => decay);
      const y = scan(arrays, { ...sizes, k }, chunk);
      expect(relativeError(y, recurrence(arrays, { ...sizes, k })), `chunk ${chunk}`).toBeLessThan(1e-5);
    }
  });

  it.each(Object.entries({ mixed, keeping, forgetting }))('decays %s', (_, decay) => {
    for (const k of [200, 1023]) {
      const size = { ...sizes, n: 1, k };
      const arrays = draw(size, decay);
      expect(relativeError(scan(arrays, size), recurrence(arrays, size)), `${k} tokens`).toBeLessThan(1e-5);
    }
  });
});

describe('gradients are those of the recurrence, in float64 token by token,', () => {
  const size = { n: 2, d: 1, k: 37, h: 2, p: 2, s: 3 };
  const expectSame = (arrays: Arrays, sizes: Sizes, chunk: number, skipped?: string) => {
    const w = uniform([arrays.x.length], 9);
    const actual = scanGradients(ops, arrays, { sizes, w, chunk });
    const expected = recurrenceGradients(arrays, sizes, w);
    for (const name of names)
      if (name !== skipped) expect(relativeError(actual[name], expected[name]), name).toBeLessThan(1e-5);
    return actual;
  };

  it.each([
    ['one chunk', 64],
    ['ten chunks in chunks of chunks', 4],
    ['chunks that fill up', 37],
  ] as const)('with %s', (_, chunk) => {
    for (const decay of [mild, mixed, keeping]) expectSame(draw(size, decay), size, chunk);
  });

  it('of a thousand tokens', () => {
    const long = { n: 1, d: 1, k: 1021, h: 1, p: 2, s: 2 };
    for (const decay of [mild, mixed, keeping]) expectSame(draw(long, decay), long, CHUNK);
  });

  it('and finite when the state is forgotten at once', () => {
    const arrays = draw(size, () => -1e4);
    const actual = expectSame(arrays, size, 4, 'logDecay');
    expect(actual.logDecay.every((value) => value === 0)).toBe(true);
  });

  it('and the recurrence’s own are its slopes', () => {
    const arrays = draw(size, mild);
    const w = uniform([arrays.x.length], 9);
    const gradients = recurrenceGradients(arrays, size, w);
    const value = (at: Arrays) => recurrence(at, size).reduce((sum, y, i) => sum + y * w[i]!, 0);
    for (const name of names)
      for (const i of [0, 5, arrays[name].length - 1]) {
        const step = 1 / 128; // exact in float32 beside these numbers, or nearly
        const moved = (by: number) => {
          const other = arrays[name].slice();
          other[i]! += by;
          return { at: other[i]!, y: value({ ...arrays, [name]: other }) };
        };
        const [up, down] = [moved(step), moved(-step)];
        expect((up.y - down.y) / (up.at - down.at), `${name} ${i}`).toBeCloseTo(gradients[name][i]!, 3);
      }
  });
});

it('no token changes what comes before it, and each changes what comes after', () => {
  const size = { n: 1, d: 2, h: 2, p: 2, s: 2 };
  const k = fc.integer({ min: 2, max: 90 });
  const changed = fc.constantFrom('x', 'logDecay', 'b', 'c');
  fc.assert(
    fc.property(k, fc.nat(), fc.constantFrom(3, 4, 8, CHUNK), changed, (k, seed, chunk, name) => {
      const at = { ...size, k };
      const arrays = draw(at, (random) => -random.next(), seed % 1000);
      const t = seed % (name === 'logDecay' ? k - 1 : k);
      const width = arrays[name].length / k / 2;
      const other = arrays[name].slice();
      // the second direction only; a decay acts on the state before it, so the first one is changed at t + 1
      const token = name === 'logDecay' ? t + 1 : t;
      other.fill(-0.37, (k + token) * width, (k + token + 1) * width);
      const [before, after] = [scan(arrays, at, chunk), scan({ ...arrays, [name]: other }, at, chunk)];
      const first = (k + token) * 4;
      expect(after.subarray(0, first)).toEqual(before.subarray(0, first));
      expect(after.subarray(first)).not.toEqual(before.subarray(first));
    }),
    { numRuns: 40, seed: 5 },
  );
});

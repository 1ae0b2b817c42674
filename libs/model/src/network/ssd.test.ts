import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { TensorOps } from '../ops/tensor-ops.ts';
import { Random } from '../random.ts';
import { relativeError, uniform } from './small.fixture.ts';
import { CHUNK, ssd } from './ssd.ts';

/** [n, d, k, h heads of p channels], state s. */
type Sizes = Readonly<Record<'n' | 'd' | 'k' | 'h' | 'p' | 's', number>>;
type Arrays = Readonly<Record<'x' | 'logDecay' | 'b' | 'c', Float32Array>>;
type Tensors = Readonly<Record<keyof Arrays, tf.Tensor>>;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

function draw({ n, d, k, h, p, s }: Sizes, decay: (random: Random) => number, seed = 1): Arrays {
  const random = new Random(seed);
  return {
    x: uniform([n, d, k, h * p], seed + 1),
    b: uniform([n, d, k, s], seed + 2),
    c: uniform([n, d, k, s], seed + 3),
    logDecay: Float32Array.from({ length: n * d * k * h }, () => decay(random)),
  };
}

/** The definition, token by token in float64: h_t = exp(a_t) h_{t-1} + B_t x_t^T, y_t = C_t h_t. */
function recurrence({ x, logDecay, b, c }: Arrays, { n, d, k, h, p, s }: Sizes): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < n * d; row++)
    for (let head = 0; head < h; head++) {
      const state = new Float64Array(s * p);
      for (let t = row * k; t < (row + 1) * k; t++) {
        const kept = Math.exp(logDecay[t * h + head]!);
        for (let j = 0; j < p; j++) {
          const at = (t * h + head) * p + j;
          for (let i = 0; i < s; i++) {
            state[i * p + j] = kept * state[i * p + j]! + b[t * s + i]! * x[at]!;
            y[at]! += c[t * s + i]! * state[i * p + j]!;
          }
        }
      }
    }
  return y;
}

const tensorsOf = ({ x, logDecay, b, c }: Arrays, { n, d, k, h, p, s }: Sizes): Tensors => ({
  x: tf.tensor(x, [n, d, k, h * p]),
  logDecay: tf.tensor(logDecay, [n, d, k, h]),
  b: tf.tensor(b, [n, d, k, s]),
  c: tf.tensor(c, [n, d, k, s]),
});

const scan = (arrays: Arrays, sizes: Sizes, chunk = CHUNK): Float32Array =>
  tf.tidy(() => ssd(new TensorOps(tf), tensorsOf(arrays, sizes), chunk).dataSync() as Float32Array); // of float32

const sizes = { n: 2, d: 3, h: 2, p: 3, s: 4 };
const mild = (random: Random) => -3 * random.next() ** 4;

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

  const extremes = [-1e-6, -1, -50, -1e4, 0];
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

  it('mild and extreme decays in turn, which running sums would cancel', () => {
    const arrays = draw({ ...sizes, k: 200 }, (random) => extremes[random.integer(extremes.length)]!);
    const [y, expected] = [scan(arrays, { ...sizes, k: 200 }), recurrence(arrays, { ...sizes, k: 200 })];
    expect(relativeError(y, expected)).toBeLessThan(1e-5);
  });
});

/** The definition again, with TensorFlow.js' own gradients: one slice, product and sum a token. */
function perToken({ x, logDecay, b, c }: Tensors, { n, d, k, h, p, s }: Sizes): tf.Tensor {
  const token = (t: tf.Tensor, at: number) => t.slice([0, 0, at, 0], [n, d, 1, t.shape[3]!]);
  let state = tf.zeros([n * d, h, s, p]);
  const ys: tf.Tensor[] = [];
  for (let t = 0; t < k; t++) {
    const kept = tf.exp(token(logDecay, t)).reshape([n * d, h, 1, 1]);
    const added = token(b, t)
      .reshape([n * d, 1, s, 1])
      .mul(token(x, t).reshape([n * d, h, 1, p]));
    state = state.mul(kept).add(added);
    const read = state.mul(token(c, t).reshape([n * d, 1, s, 1])).sum(2);
    ys.push(read.reshape([n, d, 1, h * p]));
  }
  return tf.concat(ys, 2);
}

/** Gradients of a weighted sum of the outputs. */
function gradients(run: (inputs: Tensors) => tf.Tensor, inputs: Tensors): Record<keyof Arrays, Float32Array> {
  const { x, logDecay, b, c } = inputs;
  const weights = tf.tensor(uniform(x.shape, 9), x.shape);
  const all = tf.grads((x, logDecay, b, c) =>
    run({ x: x!, logDecay: logDecay!, b: b!, c: c! }).mul(weights).sum(),
  )([x, logDecay, b, c]);
  const [gx, ga, gb, gc] = all.map((gradient) => gradient.dataSync() as Float32Array); // of float32
  return { x: gx!, logDecay: ga!, b: gb!, c: gc! };
}

describe('gradients are those of the recurrence,', () => {
  const size = { n: 2, d: 1, k: 37, h: 2, p: 2, s: 3 };
  it.each([
    ['one chunk', 64],
    ['ten chunks in chunks of chunks', 4],
  ] as const)('with %s', (_, chunk) => {
    const inputs = tensorsOf(
      draw(size, (random) => -2 * random.next()),
      size,
    );
    const actual = gradients((at) => ssd(new TensorOps(tf), at, chunk), inputs);
    const expected = gradients((at) => perToken(at, size), inputs);
    for (const name of ['x', 'logDecay', 'b', 'c'] as const)
      expect(relativeError(actual[name], expected[name]), name).toBeLessThan(1e-5);
  });

  it('and finite when the state is forgotten at once', () => {
    const inputs = tensorsOf(
      draw(size, () => -1e4),
      size,
    );
    const actual = gradients((at) => ssd(new TensorOps(tf), at, 4), inputs);
    const expected = gradients((at) => perToken(at, size), inputs);
    expect(actual.logDecay.every((value) => value === 0)).toBe(true);
    for (const name of ['x', 'b', 'c'] as const)
      expect(relativeError(actual[name], expected[name]), name).toBeLessThan(1e-5);
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

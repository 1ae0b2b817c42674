import type { Engine } from '@tokenunify/model';
import { ToolsError } from '../../errors.ts';
import type { Benchmark, Measurement } from '../benchmark.ts';
import { costOf, least, type Cost } from './cost.ts';

const TOKENS = [1, 2, 4, 8, 16, 32, 64].map((thousands) => 1024 * thousands);
const [HEADS, CHANNELS, STATE] = [4, 32, 16];
const ROUNDS = 3;

/** What a length costs, forward and gradient by everything. */
interface Length {
  readonly tokens: number;
  readonly cost: Cost;
  /** Tensors alive at once, at most. */
  readonly bytes: number;
}

export const scanBenchmark: Benchmark = {
  name: 'scan',
  summary:
    'the scan of a Mamba layer with its gradient, 1 k to 64 k tokens: time and memory a token, and how they grow',
  async run({ signal, report }) {
    // not at the top: it loads TensorFlow.js, and listing the benchmarks should not wait for that
    const { openEngine } = await import('@tokenunify/model');
    const engine = await openEngine('auto');
    report(
      `engine ${engine.name} (${engine.device.name}), ${HEADS} heads of ${CHANNELS} channels, state ${STATE}`,
    );
    const lengths: Length[] = [];
    try {
      for (const tokens of TOKENS) {
        signal.throwIfAborted();
        const length = await measure(engine, tokens);
        const { wall, processor } = length.cost;
        const each = (milliseconds: number) => ((1e6 * milliseconds) / tokens).toFixed(0);
        report(
          `${String(tokens).padStart(6)} tokens: ${wall.toFixed(0)} ms, ${each(wall)} ns a token (${each(processor)} of processors), ${(length.bytes / tokens).toFixed(0)} bytes a token`,
        );
        lengths.push(length);
      }
    } finally {
      engine.dispose();
    }
    return figures(lengths);
  },
};

async function measure(engine: Engine, tokens: number): Promise<Length> {
  const { countPeakBytes, ssd } = await import('@tokenunify/model');
  const { tf, ops } = engine;
  const data = inputs(tokens);
  const tensors = [
    tf.tensor(data.x, [1, 1, tokens, HEADS * CHANNELS]),
    tf.tensor(data.logDecay, [1, 1, tokens, HEADS]),
    tf.tensor(data.b, [1, 1, tokens, STATE]),
    tf.tensor(data.c, [1, 1, tokens, STATE]),
  ];
  const gradients = tf.valueAndGrads((x, logDecay, b, c) =>
    ssd(ops, { x: x!, logDecay: logDecay!, b: b!, c: c! }).sum(),
  );
  const run = async () => {
    const { value, grads } = gradients(tensors);
    const found = (await value.data())[0]!;
    for (const gradient of grads) await tf.tidy(() => gradient.flatten().slice(0, 1)).data();
    tf.dispose([value, ...grads]);
    return found;
  };
  try {
    const { result, peak } = await countPeakBytes(tf, run);
    check(result, data, tokens);
    const costs: Cost[] = [];
    for (let round = 0; round < ROUNDS; round++) costs.push(await costOf(run));
    return { tokens, cost: least(costs), bytes: peak };
  } finally {
    tf.dispose(tensors);
  }
}

type Data = Readonly<Record<'x' | 'logDecay' | 'b' | 'c', Float32Array>>;

/** Numbers that are positive, so that their sum is no difference of large ones. */
function inputs(tokens: number): Data {
  const fill = (width: number, of: (i: number) => number) =>
    Float32Array.from({ length: tokens * width }, (_, i) => of(i % 1021));
  return {
    x: fill(HEADS * CHANNELS, (i) => 0.5 + (i % 7) / 14),
    logDecay: fill(HEADS, (i) => -0.01 - (i % 13) / 26),
    b: fill(STATE, (i) => 0.5 + (i % 5) / 10),
    c: fill(STATE, (i) => 0.5 + (i % 3) / 6),
  };
}

/** The sum of all outputs, by the recurrence: a fast scan that is wrong is no scan. */
function check(found: number, { x, logDecay, b, c }: Data, tokens: number): void {
  let expected = 0;
  for (let head = 0; head < HEADS; head++) {
    // of the channels of a head the sum is all that is asked for, and the recurrence is linear in it
    const state = new Float64Array(STATE);
    for (let t = 0; t < tokens; t++) {
      const kept = Math.exp(logDecay[t * HEADS + head]!);
      const start = (t * HEADS + head) * CHANNELS;
      const added = x.subarray(start, start + CHANNELS).reduce((sum, value) => sum + value, 0);
      for (let i = 0; i < STATE; i++) {
        state[i] = kept * state[i]! + b[t * STATE + i]! * added;
        expected += c[t * STATE + i]! * state[i]!;
      }
    }
  }
  if (!(Math.abs(found / expected - 1) < 1e-4))
    throw new ToolsError(
      'tools/wrong-result',
      `The scan of ${tokens} tokens sums to ${found} instead of ${expected}; its rate says nothing.`,
    );
}

function figures(lengths: readonly Length[]): Measurement[] {
  const [first, last] = [lengths[0]!, lengths.at(-1)!];
  const fit = (of: (length: Length) => number, from = first.tokens) =>
    exponent(lengths.filter(({ tokens }) => tokens >= from).map((length) => [length.tokens, of(length)]));
  const each = ({ cost, tokens }: Length) => cost.wall / 1000 / tokens;
  return [
    { name: 'a token of 1 k', value: 1e6 * each(first), unit: 'us', better: 'lower' },
    { name: 'a token of 64 k', value: 1e6 * each(last), unit: 'us', better: 'lower' },
    { name: 'a token of 1 k', value: first.bytes / first.tokens, unit: 'bytes', better: 'lower' },
    { name: 'a token of 64 k', value: last.bytes / last.tokens, unit: 'bytes', better: 'lower' },
    { name: 'time grows with tokens to the', value: fit(({ cost }) => cost.wall), unit: '' },
    { name: 'processor time to the', value: fit(({ cost }) => cost.processor), unit: '' },
    { name: 'processor time to the, from 8 k on', value: fit(({ cost }) => cost.processor, 8192), unit: '' },
    { name: 'memory to the', value: fit(({ bytes }) => bytes), unit: '' },
  ];
}

/** Slope of the line of least squares through the logarithms: 1 is linear, 2 quadratic. */
export function exponent(points: readonly (readonly [number, number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (axis: 0 | 1) => logs.reduce((sum, at) => sum + at[axis], 0) / logs.length;
  const [mx, my] = [mean(0), mean(1)];
  const across = logs.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0);
  return across / logs.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

/** What an operation leaves in memory for its gradient, written down while the network runs on shapes. */
import type { ParameterSource } from '../network/parameters.ts';
import {
  hoardedBytes,
  peakBytes,
  withoutSegments,
  withoutWeights,
  type Buffer,
  type Entry,
} from './shape-ops-peak.ts';
import type { ShapeOps, ShapeValue } from './shape-ops.ts';

/** Bytes in float32, at the worst moment of a step. */
export interface ActivationBytes {
  /** When every activation is kept for the gradient, and every gradient to the end of the step. */
  readonly kept: number;
  /** When segments are recomputed, and everything goes as soon as it has been read. */
  readonly recomputed: number;
}

export class ActivationLedger {
  #entries: Entry[] = [];
  /** Constants are kept for good, one for each array of values. */
  readonly #constants = new Set<Float32Array>();
  readonly #weights = new WeakSet<ShapeValue>();
  /** What a gradient flows to: not constants, not the crop. */
  readonly #learned = new WeakSet<ShapeValue>();
  readonly #buffers = new WeakMap<ShapeValue, Buffer>();

  /** The same operations, with their memory written down here. */
  over(ops: ShapeOps): ShapeOps {
    return new Proxy(ops, {
      get: (target, name) => {
        if (name === 'recompute') return this.#segment.bind(this);
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(member, target, args);
          return isValue(result) ? this.#write(String(name), args, result) : result;
        };
      },
    });
  }

  /** Says that a value is a weight: its gradient is the optimizer's matter. */
  weight(value: ShapeValue): ShapeValue {
    this.#weights.add(value);
    return value;
  }

  /** Beside weights and their gradients. */
  get activations(): ActivationBytes {
    return this.#peaks(withoutWeights(this.#entries));
  }
  /** With the gradients of the weights, which come one by one. */
  get gradients(): ActivationBytes {
    return this.#peaks(this.#entries);
  }

  #peaks(entries: readonly Entry[]): ActivationBytes {
    let constants = 0;
    for (const values of this.#constants) constants += 4 * values.length;
    return {
      kept: constants + hoardedBytes(withoutSegments(entries)),
      recomputed: constants + peakBytes(entries),
    };
  }

  #segment(
    p: ParameterSource<ShapeValue>,
    inputs: readonly ShapeValue[],
    body: (p: ParameterSource<ShapeValue>, inputs: readonly ShapeValue[]) => readonly ShapeValue[],
  ): readonly ShapeValue[] {
    const outside = this.#entries;
    const inside: Entry[] = [];
    this.#entries = inside;
    const outputs = body(p, inputs);
    this.#entries = outside;
    outside.push({
      ...{ results: this.#of(outputs), saves: this.#of(inputs), learns: this.#learnedOf(inputs) },
      ...{
        hands: [],
        passing: 0,
        left: 0,
        weights: inside.reduce((sum, { weights }) => sum + weights, 0),
        inside,
      },
    });
    return outputs;
  }

  /** @returns the result as a value of its own: `ShapeOps` answers with its argument where shapes agree. */
  #write(name: string, args: readonly unknown[], shape: ShapeValue): ShapeValue {
    const result = { ...shape };
    const values = args.flat().filter(isValue);
    const [first] = values;
    if (name === 'constant') {
      const [numbers] = args;
      if (numbers instanceof Float32Array) this.#constants.add(numbers);
      return result;
    }
    if (values.some((value) => this.#learned.has(value) || this.#weights.has(value)))
      this.#learned.add(result);
    const weights = values.reduce((sum, value) => sum + (this.#weights.has(value) ? sizeOf(value) : 0), 0);
    const saves = forgetful.has(name) ? [] : this.#of(values);
    if (first && sharesNumbers(name, first, result)) {
      const [buffer] = this.#of([first]);
      if (buffer) this.#buffers.set(result, buffer);
      this.#entries.push({ results: [], saves, learns: [], hands: [], passing: 0, left: 0, weights });
      return result;
    }
    const own: Buffer = { bytes: sizeOf(result) };
    this.#buffers.set(result, own);
    const before = onTheWay(name, args, own.bytes).map((bytes): Buffer => ({ bytes }));
    const learned = this.#learnedOf(values);
    // a summand's gradient is the sum's, unless it was broadcast
    const hands = name === 'add' ? learned.filter(({ bytes }) => bytes === own.bytes) : [];
    this.#entries.push({
      results: [...before, own],
      saves: [...saves, ...before, ...(remembering.has(name) ? [own] : [])],
      learns: learned.filter((buffer) => !hands.includes(buffer)),
      hands,
      passing: (passing[name] ?? 0) * own.bytes,
      left: name === 'softmax' ? own.bytes : 0,
      weights,
    });
    return result;
  }

  #of(values: readonly ShapeValue[]): Buffer[] {
    return values.map((value) => this.#buffers.get(value)).filter((found) => found !== undefined);
  }

  #learnedOf(values: readonly ShapeValue[]): Buffer[] {
    return this.#of(values.filter((value) => this.#learned.has(value) && !this.#weights.has(value)));
  }
}

/** Their gradients do not ask for their inputs. */
const forgetful = new Set(['exp', 'sigmoid', 'softmax', 'transpose', 'reverse', 'instanceNorm']);
/** Their gradients ask for their results, or those of the reshape do that they end with. */
const remembering = new Set(['exp', 'sigmoid', 'softmax', 'dense', 'matmul', 'upsample']);
/** What their gradients need while they are worked out, in sizes of the result: see `TensorOps` and TensorFlow.js 4.22. */
const passing: Readonly<Record<string, number>> = { instanceNorm: 4, softmax: 2 };

/** Reshapes, and padding by nothing, and repeating for a batch of one: the numbers are those of the input. */
function sharesNumbers(name: string, input: ShapeValue, result: ShapeValue): boolean {
  if (name === 'pad' || name === 'repeatBatch') return sizeOf(input) === sizeOf(result);
  return name === 'reshape' || name === 'toTokens' || name === 'fromTokens';
}

/** Bytes of what an engine makes before the result, and saves: see `TensorOps`. */
function onTheWay(name: string, args: readonly unknown[], bytes: number): readonly number[] {
  if (name === 'conv3d' && args[2] !== undefined) return [bytes]; // before the bias
  if (name === 'instanceNorm') return [bytes]; // before gain and offset
  if (name !== 'upsample') return [];
  const [input, factors] = args as [ShapeValue, readonly number[]]; // its signature
  let size = sizeOf(input);
  const steps = factors.filter((factor) => factor > 1).map((factor) => (size *= factor));
  return steps.slice(0, -1); // one axis after the other
}

const isValue = (value: unknown): value is ShapeValue =>
  typeof value === 'object' && value !== null && 'kind' in value && ('shape' in value || 'map' in value);

/** Bytes in float32. */
function sizeOf(value: ShapeValue): number {
  const shape =
    value.kind === 'array' ? value.shape : [value.map.batch, value.map.channels, ...value.map.space];
  return 4 * shape.reduce((product, size) => product * size, 1);
}

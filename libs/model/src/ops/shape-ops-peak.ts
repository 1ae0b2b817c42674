/**
 * How much memory a step of training needs for activations, from what its operations leave behind.
 *
 * On the way forward the result of every operation stays, since any may still be read. On the way back there are those
 * that a gradient still to come asks for, and the gradients that are still to be read. A segment that is recomputed
 * (`Ops.recompute`) leaves its results alone, and needs all of this for its own inside when its turn comes.
 */

/** The numbers of one tensor, or of several that share them. Told apart by identity. */
export interface Buffer {
  readonly bytes: number;
}

/** One operation, or one segment with what happens inside. */
export interface Entry {
  /** What it makes; its result is the last. */
  readonly results: readonly Buffer[];
  /** What its gradient asks for. */
  readonly saves: readonly Buffer[];
  /** Inputs that get a gradient of their own, one for each use. */
  readonly learns: readonly Buffer[];
  /** Inputs whose gradient is the result's, as it is. */
  readonly hands: readonly Buffer[];
  /** Bytes that are needed while the gradients are worked out. */
  readonly passing: number;
  /** Bytes of those that TensorFlow.js forgets to free. */
  readonly left: number;
  /** Bytes of the gradients to its weights, which stay. */
  readonly weights: number;
  readonly inside?: readonly Entry[];
}

/** The most bytes at once where everything goes when it has been read (`leanGradients`), gradients of weights included. */
export function peakBytes(entries: readonly Entry[]): number {
  return Math.max(forward(entries), backward(entries, true));
}

/**
 * The same where nothing goes before the end, as TensorFlow.js' own gradients have it: everything saved, and the gradient
 * of every use of it.
 */
export function hoardedBytes(entries: readonly Entry[]): number {
  const { bytes } = new Saved(entries);
  const gradients = entries.map(({ learns, weights, left }) => sum(learns) + weights + left);
  const most = Math.max(0, ...entries.map(({ passing }) => passing));
  return Math.max(forward(entries), bytes + gradients.reduce((total, gradient) => total + gradient, most));
}

/** The same entries with weights that get no gradient. */
export function withoutWeights(entries: readonly Entry[]): Entry[] {
  return entries.map((entry) => ({
    ...entry,
    weights: 0,
    ...(entry.inside && { inside: withoutWeights(entry.inside) }),
  }));
}

/** Every operation by itself: what is left when nothing is recomputed. */
export function withoutSegments(entries: readonly Entry[]): Entry[] {
  return entries.flatMap((entry) => (entry.inside ? withoutSegments(entry.inside) : [entry]));
}

function forward(entries: readonly Entry[]): number {
  let [held, peak] = [0, 0];
  for (const { results, inside } of entries) {
    if (inside) peak = Math.max(peak, held + forward(inside));
    held += sum(results);
    peak = Math.max(peak, held);
  }
  return peak;
}

/** @param outermost the gradients of the results are made here; otherwise they lie outside, and the results here */
function backward(entries: readonly Entry[], outermost: boolean): number {
  const saved = new Saved(entries);
  const gradients = new Gradients();
  const read = new Set(entries.flatMap(({ learns, hands }) => [...learns, ...hands]));
  const outputs = entries.map(({ results }) => results.at(-1)).filter((own) => own && !read.has(own));
  let again = 0;
  for (const output of new Set(outputs as Buffer[])) {
    gradients.add(output, { bytes: outermost ? output.bytes : 0 });
    if (!outermost) again += output.bytes;
  }
  let [peak, weights] = [0, 0];
  entries.toReversed().forEach((entry, back) => {
    const own = entry.results.at(-1);
    const given = own && gradients.take(own);
    const held = again + saved.bytes + gradients.bytes + weights + (given?.bytes ?? 0);
    const needed = sum(entry.learns) + entry.passing + entry.weights;
    peak = Math.max(peak, held + Math.max(needed, entry.inside ? inside(entry.inside) : 0));
    weights += entry.weights;
    for (const input of entry.hands) if (given) gradients.add(input, given);
    for (const input of entry.learns) gradients.add(input, { bytes: input.bytes });
    saved.release(entries.length - 1 - back);
  });
  return peak;
}

const inside = (entries: readonly Entry[]): number => Math.max(forward(entries), backward(entries, false));

/** What is saved and was made here, each until the first that saved it has had its turn. */
class Saved {
  bytes = 0;
  readonly #releases: number[];

  constructor(entries: readonly Entry[]) {
    const made = new Set(entries.flatMap(({ results }) => results));
    this.#releases = entries.map(() => 0);
    entries.forEach(({ saves }, index) => {
      for (const buffer of saves)
        if (made.delete(buffer)) {
          this.#releases[index]! += buffer.bytes;
          this.bytes += buffer.bytes;
        }
    });
  }

  release(index: number): void {
    this.bytes -= this.#releases[index]!;
  }
}

/** Gradients still to be read. Two inputs may have one and the same. */
class Gradients {
  bytes = 0;
  readonly #of = new Map<Buffer, Buffer>();
  readonly #holders = new Map<Buffer, number>();

  /** Two of one value become a third, their sum. */
  add(value: Buffer, gradient: Buffer): void {
    const known = this.#of.has(value);
    if (known) this.take(value);
    const found = known ? { bytes: value.bytes } : gradient;
    this.#of.set(value, found);
    const holders = this.#holders.get(found) ?? 0;
    if (holders === 0) this.bytes += found.bytes;
    this.#holders.set(found, holders + 1);
  }

  /** @returns what is to be read, without bytes where another holds it still */
  take(value: Buffer): Buffer | undefined {
    const found = this.#of.get(value);
    if (!found) return undefined;
    this.#of.delete(value);
    const holders = this.#holders.get(found)! - 1;
    this.#holders.set(found, holders);
    if (holders > 0) return { bytes: 0 };
    this.bytes -= found.bytes;
    return found;
  }
}

const sum = (buffers: readonly Buffer[]): number => buffers.reduce((total, { bytes }) => total + bytes, 0);

import type { RegionGraph } from './region-graph.ts';
import { hashPair } from './hash-pair.ts';
import { sortByPair } from './sort.ts';

/**
 * Edges under construction: an open-addressing table from a pair of fragments to the running sums of its edge.
 * `finish` orders them by (smaller id, larger id), which is what agglomeration relies on for ties.
 */
export class EdgeTable {
  #size = 0;
  #slots: Int32Array; // edge + 1, 0 = free
  #u: Uint32Array;
  #v: Uint32Array;
  #sum: Float64Array;
  #count: Uint32Array;
  #maximum: Uint32Array;
  #mean: Float32Array | undefined;

  /** @param most edges expected: with as many or fewer, nothing is ever moved */
  constructor(most = 2047) {
    const capacity = most + 1;
    let slots = 16;
    while (slots < 2 * capacity) slots *= 2;
    this.#slots = new Int32Array(slots);
    this.#u = new Uint32Array(capacity);
    this.#v = new Uint32Array(capacity);
    this.#sum = new Float64Array(capacity);
    this.#count = new Uint32Array(capacity);
    this.#maximum = new Uint32Array(capacity);
  }

  /** Adds links between fragments a and b, in either order, as levels. */
  add(a: number, b: number, sum: number, count: number, maximum: number): void {
    const edge = this.edge(a, b);
    this.#sum[edge] += sum;
    this.#count[edge] += count;
    if (maximum > this.#maximum[edge]) this.#maximum[edge] = maximum;
  }

  /** Adds one link with a float affinity, and keeps the mean as the reference does: in float32, link by link. */
  addLink(edge: number, affinity: number, levels: number): void {
    const level = (affinity * levels) | 0;
    const count = this.#count[edge];
    const mean = (this.#mean ??= new Float32Array(this.#u.length));
    const weighted = Math.fround(affinity + Math.fround(mean[edge] * count));
    mean[edge] = Math.fround(weighted / (count + 1));
    this.#sum[edge] += level;
    this.#count[edge] = count + 1;
    if (level > this.#maximum[edge]) this.#maximum[edge] = level;
  }

  /** The edge of a and b, made when there is none. Edges keep their number until `finish`. */
  edge(a: number, b: number): number {
    const u = a < b ? a : b;
    const v = a < b ? b : a;
    const mask = this.#slots.length - 1;
    let slot = hashPair(u, v) & mask;
    for (;;) {
      const edge = this.#slots[slot] - 1;
      if (edge < 0) break;
      if (this.#u[edge] === u && this.#v[edge] === v) return edge;
      slot = (slot + 1) & mask;
    }
    const edge = this.#size++;
    this.#slots[slot] = edge + 1;
    this.#u[edge] = u;
    this.#v[edge] = v;
    if (this.#size === this.#u.length) this.#grow();
    return edge;
  }

  /** The graph, with edges in order. The table must not be used afterwards. */
  finish(nodeCount: number, levels: number, withMean = false): RegionGraph {
    this.#slots = new Int32Array(0);
    const order = sortByPair(this.#u, this.#v, this.#size, nodeCount);
    const pick = <T extends Uint32Array | Float32Array | Float64Array>(from: T, to: T): T => {
      for (let i = 0; i < order.length; i++) to[i] = from[order[i]];
      return to;
    };
    const n = this.#size;
    return {
      nodeCount,
      u: pick(this.#u, new Uint32Array(n)),
      v: pick(this.#v, new Uint32Array(n)),
      sum: pick(this.#sum, new Float64Array(n)),
      count: pick(this.#count, new Uint32Array(n)),
      maximum: pick(this.#maximum, new Uint32Array(n)),
      levels,
      ...(withMean && { runningMean: pick(this.#mean ?? new Float32Array(n), new Float32Array(n)) }),
    };
  }

  #grow(): void {
    const capacity = this.#u.length * 2;
    this.#u = larger(this.#u, new Uint32Array(capacity));
    this.#v = larger(this.#v, new Uint32Array(capacity));
    this.#sum = larger(this.#sum, new Float64Array(capacity));
    this.#count = larger(this.#count, new Uint32Array(capacity));
    this.#maximum = larger(this.#maximum, new Uint32Array(capacity));
    if (this.#mean) this.#mean = larger(this.#mean, new Float32Array(capacity));
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let edge = 0; edge < this.#size; edge++) {
      let slot = hashPair(this.#u[edge], this.#v[edge]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = edge + 1;
    }
    this.#slots = slots;
  }
}

function larger<T extends Uint32Array | Float32Array | Float64Array>(from: T, to: T): T {
  // Both are of one kind, which the type parameter says and `set`'s union of overloads cannot.
  (to as Float64Array).set(from);
  return to;
}

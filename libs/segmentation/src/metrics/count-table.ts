/**
 * Counts by a pair of 32-bit keys, in an open-addressing table of typed arrays: memory follows the number of distinct
 * pairs, never the number of voxels. Single keys use 0 for the other half.
 */
export class CountTable {
  #mask: number;
  #high: Uint32Array;
  #low: Uint32Array;
  #counts: Float64Array;
  #size = 0;

  constructor(capacity = 1024) {
    this.#mask = capacity - 1;
    this.#high = new Uint32Array(capacity);
    this.#low = new Uint32Array(capacity);
    this.#counts = new Float64Array(capacity);
  }

  /** Number of distinct pairs. */
  get size(): number {
    return this.#size;
  }

  /** Adds `count` (> 0: a count of zero marks a free slot) to the pair. */
  add(high: number, low: number, count: number): void {
    const slot = this.#slot(high, low);
    if (this.#counts[slot] === 0) {
      this.#high[slot] = high;
      this.#low[slot] = low;
      this.#size += 1;
    }
    this.#counts[slot] = (this.#counts[slot] ?? 0) + count;
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  /** Calls back once for each distinct pair, in no promised order. */
  forEach(visit: (high: number, low: number, count: number) => void): void {
    const { length } = this.#counts;
    for (let slot = 0; slot < length; slot++) {
      const count = this.#counts[slot];
      if (count !== 0) visit(this.#high[slot], this.#low[slot], count);
    }
  }

  #slot(high: number, low: number): number {
    const mask = this.#mask;
    let hash = Math.imul(high, 0x9e3779b1) ^ Math.imul(low ^ (low >>> 15), 0x85ebca77);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    while (this.#counts[slot] !== 0 && (this.#high[slot] !== high || this.#low[slot] !== low))
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const bigger = new CountTable((this.#mask + 1) * 4);
    this.forEach((high, low, count) => bigger.#place(high, low, count));
    this.#mask = bigger.#mask;
    this.#high = bigger.#high;
    this.#low = bigger.#low;
    this.#counts = bigger.#counts;
  }

  #place(high: number, low: number, count: number): void {
    const slot = this.#slot(high, low);
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#counts[slot] = count;
  }
}

const BINS = 256;

/**
 * Elements 0 .. n-1 in 256 bins, lowest bin first, first in, first out within a bin; each element is queued at most
 * once at a time. Linked lists in typed arrays: 4 bytes an element.
 */
export class BinQueue {
  readonly #next: Int32Array;
  readonly #first = new Int32Array(BINS).fill(-1);
  readonly #last = new Int32Array(BINS).fill(-1);
  /** The lowest bin that may hold something; BINS when all are empty. */
  #lowest = BINS;

  /** @param next memory to use, one number an element; what it holds does not matter */
  constructor(size: number, next: Int32Array = new Int32Array(size)) {
    this.#next = next;
  }

  /** Queues an element in a bin, 0 .. 255. */
  push(element: number, bin: number): void {
    this.#next[element] = -1;
    const last = this.#last[bin];
    if (last < 0) this.#first[bin] = element;
    else this.#next[last] = element;
    this.#last[bin] = element;
    if (bin < this.#lowest) this.#lowest = bin;
  }

  /** The oldest element of the lowest bin that is not empty, -1 when there is none. */
  top(): number {
    while (this.#lowest < BINS) {
      const element = this.#first[this.#lowest];
      if (element >= 0) return element;
      this.#lowest += 1;
    }
    return -1;
  }

  /** Takes `top()` out. */
  pop(): void {
    const bin = this.#lowest;
    const rest = this.#next[this.#first[bin]];
    this.#first[bin] = rest;
    if (rest < 0) this.#last[bin] = -1;
  }
}

/** Bin of a value in [0, 1]: its share of 256, cut; 1 falls into the last. */
export function binOf(value: number): number {
  return Math.min((value * BINS) | 0, BINS - 1);
}

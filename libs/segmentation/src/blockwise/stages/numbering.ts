/** Fragments 1, 2, ... in order of their names. */
export class Numbering {
  readonly #names: Float64Array;
  #last = 0;

  /** @param names in any order; sorted in place */
  constructor(names: Float64Array) {
    this.#names = names.sort();
  }

  get count(): number {
    return this.#names.length;
  }

  /** The number of a name. Names mostly come in order, so the search starts where the last one ended. */
  id(name: number): number {
    const names = this.#names;
    let low = 0;
    let high = names.length - 1;
    const guess = this.#last;
    if (names[guess] <= name) {
      low = guess;
      for (let step = 1; guess + step <= high; step *= 2) {
        if (names[guess + step] > name) {
          high = guess + step;
          break;
        }
        low = guess + step;
      }
    } else high = guess;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (names[middle] <= name) low = middle;
      else high = middle - 1;
    }
    this.#last = low;
    return low + 1;
  }
}

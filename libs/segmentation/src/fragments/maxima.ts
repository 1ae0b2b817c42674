import { Scratch } from '../scratch.ts';
import type { Vec3 } from '../shape.ts';
import { allSteps, forEachRow, paddedShape } from './padded.ts';

/**
 * Regional maxima: connected plateaus (26 neighbours, 8 in sections) of a value >= `least` without a higher neighbour,
 * numbered 1, 2, ... in raster order of their first voxel; 0 elsewhere.
 *
 * @param values not negative
 * @param sections each z-slice on its own
 * @param out where to write
 */
export function regionalMaxima(
  values: Int32Array,
  shape: Vec3,
  sections: boolean,
  least = 1,
  scratch = new Scratch(),
  out: Uint32Array = new Uint32Array(values.length),
): Uint32Array {
  const padded = paddedShape(shape);
  const steps = allSteps(padded, sections);
  const inside = scratch.int32(padded.size).fill(-1);
  forEachRow(shape, padded, (row, at) => inside.set(values.subarray(row, row + shape[2]), at));
  const seen = scratch.uint8(padded.size).fill(0);
  const labels = scratch.uint32(padded.size).fill(0);
  const plateau = new Plateau(inside, seen, steps);
  let count = 0;
  forEachRow(shape, padded, (_row, at) => {
    for (let p = at; p < at + shape[2]; p++) {
      const value = inside[p];
      if (value < least || seen[p] === 1 || hasHigher(inside, p, steps)) continue;
      if (!plateau.collect(p)) continue;
      count += 1;
      plateau.label(labels, count);
    }
  });
  forEachRow(shape, padded, (row, at) => out.set(labels.subarray(at, at + shape[2]), row));
  return out;
}

function hasHigher(values: Int32Array, p: number, steps: Int32Array): boolean {
  const value = values[p];
  for (let s = 0; s < steps.length; s++) if (values[p + steps[s]] > value) return true;
  return false;
}

/** One plateau at a time, collected on a stack that grows as needed. */
class Plateau {
  readonly #values: Int32Array;
  readonly #seen: Uint8Array;
  readonly #steps: Int32Array;
  #members = new Int32Array(1024);
  #size = 0;

  constructor(values: Int32Array, seen: Uint8Array, steps: Int32Array) {
    this.#values = values;
    this.#seen = seen;
    this.#steps = steps;
  }

  /** Collects the plateau around a voxel and marks it as seen; true when nothing around it is higher. */
  collect(start: number): boolean {
    const values = this.#values;
    const value = values[start];
    let maximal = true;
    this.#size = 0;
    this.#push(start);
    for (let i = 0; i < this.#size; i++) {
      const p = this.#members[i];
      for (let s = 0; s < this.#steps.length; s++) {
        const q = p + this.#steps[s];
        if (values[q] > value) maximal = false;
        else if (values[q] === value && this.#seen[q] === 0) this.#push(q);
      }
    }
    return maximal;
  }

  label(labels: Uint32Array, id: number): void {
    for (let i = 0; i < this.#size; i++) labels[this.#members[i]] = id;
  }

  #push(p: number): void {
    this.#seen[p] = 1;
    if (this.#size === this.#members.length) {
      const larger = new Int32Array(this.#size * 2);
      larger.set(this.#members);
      this.#members = larger;
    }
    this.#members[this.#size++] = p;
  }
}

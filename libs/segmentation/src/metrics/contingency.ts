import { SegmentationError } from '../errors.ts';
import { expectLength, type LabelArray } from '../shape.ts';
import { CountTable } from './count-table.ts';

/** The sums every metric is made of. `n`: voxels with truth != 0; `total`: all voxels seen. */
export interface Overlap {
  readonly n: number;
  readonly total: number;
  /** Kept voxels whose label is 0 (the CREMI challenge treats them apart). */
  readonly unlabelled: number;
  readonly pairs: Moments;
  readonly truth: Moments;
  readonly labels: Moments;
  /** Sums without the label 0, for the CREMI convention. */
  readonly pairsLabelled: number;
  readonly labelsLabelled: number;
}

/** Sum of squares and sum of c log2 c of a set of counts. */
export interface Moments {
  readonly squares: number;
  readonly logs: number;
  readonly size: number;
}

/**
 * Joint counts of truth and labels. Feed it a volume in one go or block by block, in any order; memory follows the
 * number of (truth, label) pairs. Voxels with truth 0 are ignored; label 0 is a label like others.
 *
 * @example
 * const table = new ContingencyTable();
 * for (const block of blocks) table.add(block.truth, block.labels);
 * const { split, merge } = variationOfInformation(table);
 */
export class ContingencyTable {
  readonly #table = new CountTable();
  readonly #truthIds = new Ids();
  readonly #labelIds = new Ids();
  #total = 0;
  #kept = 0;
  #overlap: Overlap | undefined;

  /** Adds voxels. Both arrays must have one length; ids may have up to 64 bits. */
  add(truth: LabelArray, labels: LabelArray): this {
    expectLength('labels', labels.length, truth.length, 'one for each voxel of the truth');
    const a = this.#truthIds.narrow(truth);
    const b = this.#labelIds.narrow(labels);
    this.#overlap = undefined;
    this.#total += a.length;
    // Neighbouring voxels mostly hold the same pair, so runs are counted before the table is touched.
    let runTruth = 0;
    let runLabel = 0;
    let run = 0;
    for (let i = 0; i < a.length; i++) {
      const t = a[i];
      if (t === 0) continue;
      const l = b[i];
      if (t === runTruth && l === runLabel) {
        run += 1;
        continue;
      }
      if (run > 0) this.#count(runTruth, runLabel, run);
      runTruth = t;
      runLabel = l;
      run = 1;
    }
    if (run > 0) this.#count(runTruth, runLabel, run);
    return this;
  }

  /** Pairs of (truth, label) so far, which memory follows: at most 200 bytes each while they are added and summed up. */
  get pairCount(): number {
    return this.#table.size;
  }

  /** The sums over everything added so far; throws when no voxel has a truth other than 0. */
  overlap(): Overlap {
    if (this.#kept === 0)
      throw new SegmentationError(
        'segmentation/nothing-to-compare',
        `None of the ${this.#total} voxels has a truth id other than 0, so no score is defined: check that the truth is the right dataset and crop.`,
      );
    return (this.#overlap ??= this.#summarise());
  }

  /**
   * Calls back once for each pair of ids that share voxels, in no promised order. Truth is never 0.
   *
   * @param visit gets 32-bit names of both ids; `truthId` tells the truth's own
   */
  forEachPair(visit: (truth: number, label: number, voxels: number) => void): void {
    this.#table.forEach(visit);
  }

  /** The id that the truth had, for its name in `forEachPair`: a bigint where 64-bit ids were added. */
  truthId(name: number): number | bigint {
    return this.#truthIds.idOf(name);
  }

  #count(truth: number, label: number, run: number): void {
    this.#table.add(truth, label, run);
    this.#kept += run;
  }

  #summarise(): Overlap {
    const truth = new CountTable();
    const labels = new CountTable();
    let unlabelled = 0;
    let zeroSquares = 0;
    this.#table.forEach((t, l, count) => {
      truth.add(0, t, count);
      labels.add(0, l, count);
      if (l === 0) {
        unlabelled += count;
        zeroSquares += count * count;
      }
    });
    const pairs = moments(this.#table);
    const b = moments(labels);
    return {
      n: this.#kept,
      total: this.#total,
      unlabelled,
      pairs,
      truth: moments(truth),
      labels: b,
      pairsLabelled: pairs.squares - zeroSquares,
      labelsLabelled: b.squares - unlabelled * unlabelled,
    };
  }
}

function moments(table: CountTable): Moments {
  let squares = 0;
  let logs = 0;
  table.forEach((_high, _low, count) => {
    squares += count * count;
    logs += count * Math.log2(count);
  });
  return { squares, logs, size: table.size };
}

/** Gives every id 32 bits: narrow arrays as they are, 64-bit ones through a dictionary that keeps 0 as 0. */
class Ids {
  readonly #dictionary = new Map<bigint, number>();
  /** Of those in the dictionary, which are named 1, 2, ... */
  readonly #wide: bigint[] = [];

  idOf(name: number): number | bigint {
    return this.#wide[name - 1] ?? name;
  }

  narrow(ids: LabelArray): Uint8Array | Uint16Array | Uint32Array {
    if (ids instanceof BigUint64Array || ids instanceof BigInt64Array) return this.#look(ids);
    if (ids instanceof Int8Array) return new Uint8Array(ids.buffer, ids.byteOffset, ids.length);
    if (ids instanceof Int16Array) return new Uint16Array(ids.buffer, ids.byteOffset, ids.length);
    if (ids instanceof Int32Array) return new Uint32Array(ids.buffer, ids.byteOffset, ids.length);
    return ids;
  }

  #look(ids: BigUint64Array | BigInt64Array): Uint32Array {
    const out = new Uint32Array(ids.length);
    let last = 0n;
    let lastId = 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      if (id !== last) {
        last = id;
        lastId = id === 0n ? 0 : (this.#dictionary.get(id) ?? this.#wide.push(id));
        if (id !== 0n) this.#dictionary.set(id, lastId);
      }
      out[i] = lastId;
    }
    return out;
  }
}

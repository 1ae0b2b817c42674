import type { RegionGraph } from '../graph/index.ts';
import { binOf } from '../bin-queue.ts';
import type { EdgeScores } from './scores.ts';

const BINS = 256;
/** Members from which an edge gets a histogram of its own. */
const DENSE = 48;

/**
 * A percentile of 256-bin histograms, one for each edge. An initial edge contributes one entry: the bin of its largest
 * affinity (a quirk of the reference which published results depend on). So all histograms together hold as many
 * entries as there are initial edges, and most hold one or two: an edge is a linked list of its initial edges, and gets
 * a dense histogram, from a pool, only when the list is long. The C++ reference keeps 1 kB for every edge.
 */
export class HistogramScores implements EdgeScores {
  readonly #quantile: number;
  readonly #bin: Uint8Array;
  readonly #next: Int32Array;
  readonly #last: Int32Array;
  readonly #size: Uint32Array;
  readonly #dense: Int32Array;
  readonly #pool = new HistogramPool();
  readonly #few = new Uint8Array(DENSE);

  constructor(graph: RegionGraph, quantile: number) {
    const n = graph.u.length;
    this.#quantile = quantile;
    this.#bin = Uint8Array.from(graph.maximum, (level) => binOf(level / graph.levels));
    this.#next = new Int32Array(n).fill(-1);
    this.#last = new Int32Array(n);
    for (let e = 0; e < n; e++) this.#last[e] = e;
    this.#size = new Uint32Array(n).fill(1);
    this.#dense = new Int32Array(n).fill(-1);
  }

  score(edge: number): number {
    const size = this.#size[edge];
    // 1-based rank, in integers: the reference's rounding
    const rank = Math.floor((this.#quantile * size) / 100) + 1;
    const bin = size < DENSE ? this.#ofFew(edge, size, rank) : this.#pool.rank(this.#dense[edge], rank);
    return 1 - (bin + 0.5) / BINS;
  }

  merge(from: number, to: number): boolean {
    const size = this.#size[from] + this.#size[to];
    this.#size[to] = size;
    if (size < DENSE) {
      this.#next[this.#last[to]] = from;
      this.#last[to] = this.#last[from];
      return true;
    }
    if (this.#dense[to] < 0) {
      this.#dense[to] = this.#pool.take();
      this.#count(to, this.#dense[to]);
    }
    if (this.#dense[from] < 0) this.#count(from, this.#dense[to]);
    else this.#pool.addAndFree(this.#dense[from], this.#dense[to]);
    return true;
  }

  /** Adds the list of an edge to a histogram. */
  #count(edge: number, histogram: number): void {
    for (let member = edge; member >= 0; member = this.#next[member])
      this.#pool.increment(histogram, this.#bin[member]);
  }

  #ofFew(edge: number, size: number, rank: number): number {
    if (size === 1) return this.#bin[edge];
    const few = this.#few;
    let n = 0;
    for (let member = edge; member >= 0; member = this.#next[member], n++) {
      const bin = this.#bin[member];
      let at = n;
      while (at > 0 && few[at - 1] > bin) {
        few[at] = few[at - 1];
        at -= 1;
      }
      few[at] = bin;
    }
    return few[rank - 1];
  }
}

/** Histograms of 256 counts, handed out and taken back. */
class HistogramPool {
  #counts = new Uint32Array(BINS * 64);
  #used = 0;
  readonly #free: number[] = [];

  take(): number {
    const reused = this.#free.pop();
    if (reused !== undefined) return reused;
    if ((this.#used + 1) * BINS > this.#counts.length) {
      const larger = new Uint32Array(this.#counts.length * 2);
      larger.set(this.#counts);
      this.#counts = larger;
    }
    return this.#used++;
  }

  increment(histogram: number, bin: number): void {
    this.#counts[histogram * BINS + bin] += 1;
  }

  addAndFree(from: number, to: number): void {
    const counts = this.#counts;
    for (let bin = 0; bin < BINS; bin++) counts[to * BINS + bin] += counts[from * BINS + bin];
    counts.fill(0, from * BINS, (from + 1) * BINS);
    this.#free.push(from);
  }

  /** Bin of the entry of the given 1-based rank. */
  rank(histogram: number, rank: number): number {
    let seen = 0;
    for (let bin = 0; bin < BINS; bin++) {
      seen += this.#counts[histogram * BINS + bin];
      if (seen >= rank) return bin;
    }
    return BINS - 1;
  }
}

import type { RegionGraph } from '../graph/index.ts';
import { Adjacency } from './adjacency.ts';
import { binOf, BinQueue } from '../bin-queue.ts';
import type { EdgeScores } from './scores.ts';

/** One state of merging, driven upwards through thresholds. See `agglomerate.ts` for the rules. */
export class RegionMerging {
  readonly #scores: EdgeScores;
  readonly #adjacency: Adjacency;
  readonly #queue: BinQueue;
  readonly #score: Float32Array;
  readonly #stale: Uint8Array;
  readonly #deleted: Uint8Array;
  /** Smallest fragment id of the region stored at a node: the region's name in the rules. */
  readonly #name: Uint32Array;
  /** The node a dissolved node went into; itself while it lives. */
  readonly #into: Uint32Array;

  constructor(graph: RegionGraph, scores: EdgeScores) {
    const edges = graph.u.length;
    this.#scores = scores;
    this.#adjacency = new Adjacency(graph);
    this.#queue = new BinQueue(edges);
    this.#score = new Float32Array(edges);
    this.#stale = new Uint8Array(edges);
    this.#deleted = new Uint8Array(edges);
    this.#name = new Uint32Array(graph.nodeCount + 1);
    for (let node = 0; node <= graph.nodeCount; node++) this.#name[node] = node;
    this.#into = this.#name.slice();
    for (let edge = 0; edge < edges; edge++) this.#rescore(edge);
  }

  /** Merges every edge whose turn comes before the first with score >= threshold; returns how many. */
  mergeUntil(threshold: number): number {
    const limit = Math.fround(threshold);
    let merges = 0;
    for (;;) {
      const edge = this.#queue.top();
      if (edge < 0 || this.#score[edge] >= limit) return merges;
      this.#queue.pop();
      if (this.#deleted[edge] === 1) continue;
      if (this.#stale[edge] === 1) {
        this.#stale[edge] = 0;
        this.#rescore(edge);
        continue;
      }
      this.#merge(edge);
      merges += 1;
    }
  }

  /** For each fragment, the smallest fragment id of its region. */
  lookup(): Uint32Array {
    const into = this.#into;
    const out = new Uint32Array(into.length);
    for (let node = 0; node < into.length; node++) {
      let root = node;
      while (into[root] !== root) root = into[root];
      for (let at = node; into[at] !== root && at !== root;) {
        const up = into[at];
        into[at] = root;
        at = up;
      }
      out[node] = this.#name[root];
    }
    return out;
  }

  #rescore(edge: number): void {
    const score = this.#scores.score(edge);
    this.#score[edge] = score;
    this.#queue.push(edge, binOf(score));
  }

  /**
   * Joins the two regions of an edge. The node with more edges stays and the other's edges move over, so that an edge
   * moves O(log n) times; which region counts as "a" in the rules is decided by name, not by where it is stored.
   */
  #merge(edge: number): void {
    const adjacency = this.#adjacency;
    const [p, q] = [adjacency.node(2 * edge), adjacency.node(2 * edge + 1)];
    const keepP = adjacency.degree(p) >= adjacency.degree(q);
    const stays = keepP ? p : q;
    const goes = keepP ? q : p;
    const staysIsA = this.#name[stays] < this.#name[goes];
    adjacency.remove(edge);
    this.#into[goes] = stays;
    if (!staysIsA) this.#name[stays] = this.#name[goes];
    for (let end = adjacency.first(goes); end >= 0;) {
      const next = adjacency.next(end);
      this.#carryOver(end, stays, staysIsA);
      end = next;
    }
    adjacency.tidy();
  }

  /** Moves one edge of the region that goes; where the other has an edge to the same neighbour, two become one. */
  #carryOver(end: number, stays: number, staysIsA: boolean): void {
    const adjacency = this.#adjacency;
    const moving = end >> 1;
    const neighbour = adjacency.node(end ^ 1);
    const resident = adjacency.findOrAdd(stays, neighbour, moving);
    if (resident < 0) {
      adjacency.move(end, stays);
      return;
    }
    const [ofA, ofB] = staysIsA ? [resident, moving] : [moving, resident];
    const kept = this.#score[ofB] > this.#score[ofA] ? ofA : ofB;
    const dropped = kept === ofA ? ofB : ofA;
    if (this.#scores.merge(dropped, kept)) this.#stale[kept] = 1;
    this.#deleted[dropped] = 1;
    if (kept === moving) {
      adjacency.replace(stays, neighbour, resident, moving);
      adjacency.move(end, stays);
    }
    adjacency.remove(dropped);
  }
}

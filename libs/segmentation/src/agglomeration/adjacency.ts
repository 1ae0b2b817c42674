import { hashPair, type RegionGraph } from '../graph/index.ts';

/**
 * The mutable side of a region graph: which edges a node has, and which edge joins two nodes.
 *
 * Edge e has two ends, 2e and 2e + 1; the ends at one node form a doubly linked list. A hash table finds the edge of a
 * pair; it holds edges, not keys, and is never cleaned: an entry counts only if its edge still joins the pair asked for.
 * That is safe because a node that was dissolved never comes back.
 */
export class Adjacency {
  readonly #node: Uint32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #first: Int32Array;
  readonly #degree: Uint32Array;
  #slots: Int32Array; // edge + 1, 0 = free
  #filled = 0;

  constructor(graph: RegionGraph) {
    const edges = graph.u.length;
    this.#node = new Uint32Array(2 * edges);
    this.#next = new Int32Array(2 * edges);
    this.#previous = new Int32Array(2 * edges);
    this.#first = new Int32Array(graph.nodeCount + 1).fill(-1);
    this.#degree = new Uint32Array(graph.nodeCount + 1);
    for (let e = 0; e < edges; e++) {
      this.#attach(2 * e, graph.u[e]);
      this.#attach(2 * e + 1, graph.v[e]);
    }
    this.#slots = new Int32Array(0);
    this.#rebuild();
  }

  /** The node at an end. */
  node(end: number): number {
    return this.#node[end];
  }

  degree(node: number): number {
    return this.#degree[node];
  }

  /** First end at a node, -1 when it has none; `next` goes on. */
  first(node: number): number {
    return this.#first[node];
  }

  next(end: number): number {
    return this.#next[end];
  }

  /**
   * Makes `candidate` the edge of nodes s and x unless they have one: returns -1 and remembers the candidate, or returns
   * the edge there is. The caller moves the candidate's end to s.
   */
  findOrAdd(s: number, x: number, candidate: number): number {
    const mask = this.#slots.length - 1;
    let slot = pairSlot(s, x, mask);
    for (;;) {
      const edge = this.#slots[slot] - 1;
      if (edge < 0) break;
      if (this.#joins(edge, s, x)) return edge;
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = candidate + 1;
    this.#filled += 1;
    return -1;
  }

  /** Lets `edge` take the place of `old` as the edge of s and x. */
  replace(s: number, x: number, old: number, edge: number): void {
    const mask = this.#slots.length - 1;
    let slot = pairSlot(s, x, mask);
    while (this.#slots[slot] !== old + 1) slot = (slot + 1) & mask;
    this.#slots[slot] = edge + 1;
  }

  /** Moves an end from its node to another. */
  move(end: number, node: number): void {
    this.#detach(end);
    this.#attach(end, node);
  }

  /** Takes an edge out. */
  remove(edge: number): void {
    this.#detach(2 * edge);
    this.#detach(2 * edge + 1);
    this.#node[2 * edge] = this.#node[2 * edge + 1] = 0; // joins nothing from now on
  }

  /** To be called between merges: makes room in the table when needed. */
  tidy(): void {
    if (this.#filled * 8 > this.#slots.length * 5) this.#rebuild();
  }

  #joins(edge: number, s: number, x: number): boolean {
    const a = this.#node[2 * edge];
    const b = this.#node[2 * edge + 1];
    return (a === s && b === x) || (a === x && b === s);
  }

  #attach(end: number, node: number): void {
    const first = this.#first[node];
    this.#node[end] = node;
    this.#next[end] = first;
    this.#previous[end] = -1;
    if (first >= 0) this.#previous[first] = end;
    this.#first[node] = end;
    this.#degree[node] += 1;
  }

  #detach(end: number): void {
    const node = this.#node[end];
    const next = this.#next[end];
    const previous = this.#previous[end];
    if (previous < 0) this.#first[node] = next;
    else this.#next[previous] = next;
    if (next >= 0) this.#previous[next] = previous;
    this.#degree[node] -= 1;
  }

  #rebuild(): void {
    const edges = this.#node.length / 2;
    let live = 0;
    for (let e = 0; e < edges; e++) if (this.#node[2 * e] !== 0) live += 1;
    let capacity = 16;
    while (capacity < live * 3) capacity *= 2;
    const slots = new Int32Array(capacity);
    const mask = capacity - 1;
    for (let e = 0; e < edges; e++) {
      const a = this.#node[2 * e];
      if (a === 0) continue;
      let slot = pairSlot(a, this.#node[2 * e + 1], mask);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = e + 1;
    }
    this.#slots = slots;
    this.#filled = live;
  }
}

function pairSlot(a: number, b: number, mask: number): number {
  return (a < b ? hashPair(a, b) : hashPair(b, a)) & mask;
}

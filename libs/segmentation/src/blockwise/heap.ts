/** A binary heap, lowest rank first. */
export class Heap<T> {
  readonly #items: { readonly rank: number; readonly item: T }[] = [];

  push(rank: number, item: T): void {
    const items = this.#items;
    let at = items.push({ rank, item }) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (items[up].rank <= items[at].rank) return;
      [items[up], items[at]] = [items[at], items[up]];
      at = up;
    }
  }

  /** Rank of the first; Infinity when there is none. */
  get first(): number {
    return this.#items[0]?.rank ?? Infinity;
  }

  pop(): T | undefined {
    const items = this.#items;
    const [top] = items;
    const end = items.pop();
    if (end === undefined || items.length === 0) return end?.item;
    items[0] = end;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < items.length && items[left].rank < items[least].rank) least = left;
      if (right < items.length && items[right].rank < items[least].rank) least = right;
      if (least === at) return top.item;
      [items[least], items[at]] = [items[at], items[least]];
      at = least;
    }
  }
}

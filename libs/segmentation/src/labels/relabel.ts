import type { LabelArray } from '../shape.ts';

/** Labels renumbered, and how many there are without 0. */
export interface Relabelled {
  readonly labels: Uint32Array;
  readonly count: number;
}

/**
 * Renumbers labels 1, 2, ... by first occurrence; 0 stays 0.
 *
 * @example relabelConsecutive(Uint32Array.of(9, 0, 4, 9)) // { labels: [1, 0, 2, 1], count: 2 }
 */
export function relabelConsecutive(labels: LabelArray): Relabelled {
  const out = new Uint32Array(labels.length);
  const ids = new Map<number | bigint, number>();
  let last: number | bigint = -1;
  let lastId = 0;
  for (let v = 0; v < labels.length; v++) {
    const label = labels[v];
    if (label !== last) {
      last = label;
      lastId = identify(ids, label);
    }
    out[v] = lastId;
  }
  return { labels: out, count: ids.size };
}

function identify(ids: Map<number | bigint, number>, label: number | bigint): number {
  // 0 == 0n: one comparison serves numbers and bigints
  if (label == 0) return 0;
  let id = ids.get(label);
  if (id === undefined) ids.set(label, (id = ids.size + 1));
  return id;
}

import type { Vec3 } from '@tokenunify/em-io';

/** Ids 1..count, each 6-connected, numbered by first voxel. */
export interface ConnectedLabels {
  readonly labels: Uint32Array;
  readonly count: number;
}

/**
 * Makes every label one 6-connected piece: pieces of one id get ids of their own, and pieces below `smallest` voxels join the
 * neighbour they touch most. So the truth says exactly what can be seen inside the volume.
 */
export function connectLabels(owner: Uint32Array, shape: Vec3, smallest: number): ConnectedLabels {
  const first = components(owner, shape);
  const joined = absorbSmall(first, shape, smallest);
  // joining two ids can only connect, so that this second pass numbers them without gaps
  const names = new Uint32Array(first.count + 1);
  let count = 0;
  const labels = first.labels.map((piece) => {
    const root = joined[piece];
    if (names[root] === 0) names[root] = ++count;
    return names[root];
  });
  return { labels, count };
}

/** 6-connected components of equal values, numbered 1.. by first voxel. 0 is a value like any other. */
export function components(owner: Uint32Array, shape: Vec3): ConnectedLabels {
  const [depth, height, width] = shape;
  const plane = height * width;
  const labels = new Uint32Array(owner.length);
  const stack = new Int32Array(owner.length);
  let count = 0;
  for (let start = 0; start < owner.length; start++) {
    if (labels[start] !== 0) continue;
    const value = owner[start];
    labels[start] = ++count;
    let top = 0;
    stack[top++] = start;
    const visit = (v: number): void => {
      if (labels[v] !== 0 || owner[v] !== value) return;
      labels[v] = count;
      stack[top++] = v;
    };
    while (top > 0) {
      const v = stack[--top];
      const x = v % width;
      const y = Math.floor(v / width) % height;
      const z = Math.floor(v / plane);
      if (x > 0) visit(v - 1);
      if (x < width - 1) visit(v + 1);
      if (y > 0) visit(v - width);
      if (y < height - 1) visit(v + width);
      if (z > 0) visit(v - plane);
      if (z < depth - 1) visit(v + plane);
    }
  }
  return { labels, count };
}

/** For each piece the piece it ends up in. Smallest first, so that crumbs gather before they reach a neuron. */
function absorbSmall({ labels, count }: ConnectedLabels, shape: Vec3, smallest: number): Uint32Array {
  const size = new Float64Array(count + 1);
  for (const label of labels) size[label]++;
  const small = [...size.keys()].filter((piece) => piece > 0 && size[piece] < smallest);
  small.sort((a, b) => size[a] - size[b] || a - b);
  const contacts = touching(labels, shape, size, smallest);
  const root = Uint32Array.from(size.keys());
  const find = (piece: number): number => {
    while (root[piece] !== piece) piece = root[piece] = root[root[piece]];
    return piece;
  };
  for (const piece of small) {
    const self = find(piece);
    if (size[self] >= smallest) continue;
    const areas = new Map<number, number>();
    for (const [other, area] of contacts.get(piece) ?? []) {
      const target = find(other);
      if (target !== self) areas.set(target, (areas.get(target) ?? 0) + area);
    }
    const best = [...areas].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
    if (best === undefined) continue;
    root[self] = best[0];
    size[best[0]] += size[self];
  }
  return root.map((_, piece) => find(piece));
}

/** Contact areas, in voxel faces, of the pieces below a size. */
function touching(
  labels: Uint32Array,
  [depth, height, width]: Vec3,
  size: Float64Array,
  smallest: number,
): Map<number, Map<number, number>> {
  const contacts = new Map<number, Map<number, number>>();
  const count = (from: number, to: number): void => {
    if (size[from] >= smallest) return;
    let row = contacts.get(from);
    if (row === undefined) contacts.set(from, (row = new Map()));
    row.set(to, (row.get(to) ?? 0) + 1);
  };
  const note = (a: number, b: number): void => {
    if (a === b) return;
    count(a, b);
    count(b, a);
  };
  const plane = height * width;
  for (let z = 0, v = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, v++) {
        if (x > 0) note(labels[v], labels[v - 1]);
        if (y > 0) note(labels[v], labels[v - width]);
        if (z > 0) note(labels[v], labels[v - plane]);
      }
    }
  }
  return contacts;
}

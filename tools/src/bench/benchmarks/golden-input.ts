/**
 * The deterministic input for which partitions of waterz (C++) are known, in integer arithmetic only: neurons are a jittered-grid Voronoi
 * diagram in which several cells share an id, affinities are multiples of 1 / 1024, fragments cut every neuron into 2 x 8 x 8 tiles.
 * Any change here shows as another digest of the small case (golden-input.test.ts).
 */
export interface GoldenInput {
  readonly affinities: Float32Array;
  readonly fragments: Uint32Array;
}

type Shape = readonly [number, number, number];

/** `cell` is the spacing of the Voronoi grid in y and x; in z it is a quarter of that. */
export function goldenInput(shape: Shape, cell: number): GoldenInput {
  const neurons = voronoi(shape, cell);
  return { affinities: noisyAffinities(neurons, shape), fragments: tiles(neurons, shape) };
}

function mix(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

function voronoi([depth, height, width]: Shape, cell: number): Uint32Array {
  const spacing = [Math.max(1, cell >> 2), cell, cell];
  const grid = [depth, height, width].map((n, d) => Math.ceil(n / spacing[d]));
  const cells = grid[0] * grid[1] * grid[2];
  const seeds = new Int32Array(3 * cells);
  for (let s = 0; s < cells; s++) {
    const corner = [Math.floor(s / (grid[1] * grid[2])), Math.floor(s / grid[2]) % grid[1], s % grid[2]];
    let hash = s + 12345;
    for (let d = 0; d < 3; d++) {
      hash = mix(hash);
      seeds[3 * s + d] = corner[d] * spacing[d] + (hash % spacing[d]);
    }
  }
  const ids = Math.max(1, Math.trunc(cells / 3));
  const neurons = new Uint32Array(depth * height * width);
  for (let z = 0, v = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, v++)
        neurons[v] = (mix(nearestSeed(z, y, x, spacing, grid, seeds)) % ids) + 1;
    }
  }
  return neurons;
}

/** Nearest of the 27 seeds around, z counting four times as far; the first of equals. */
function nearestSeed(
  z: number,
  y: number,
  x: number,
  spacing: number[],
  grid: number[],
  seeds: Int32Array,
): number {
  const [cz, cy, cx] = [Math.trunc(z / spacing[0]), Math.trunc(y / spacing[1]), Math.trunc(x / spacing[2])];
  let least = Number.POSITIVE_INFINITY;
  let nearest = 0;
  for (let a = Math.max(0, cz - 1); a <= Math.min(grid[0] - 1, cz + 1); a++) {
    for (let b = Math.max(0, cy - 1); b <= Math.min(grid[1] - 1, cy + 1); b++) {
      for (let c = Math.max(0, cx - 1); c <= Math.min(grid[2] - 1, cx + 1); c++) {
        const s = (a * grid[1] + b) * grid[2] + c;
        const distance =
          16 * (z - seeds[3 * s]) ** 2 + (y - seeds[3 * s + 1]) ** 2 + (x - seeds[3 * s + 2]) ** 2;
        if (distance >= least) continue;
        least = distance;
        nearest = s;
      }
    }
  }
  return nearest;
}

function noisyAffinities(neurons: Uint32Array, [, height, width]: Shape): Float32Array {
  const voxels = neurons.length;
  const affinities = new Float32Array(3 * voxels);
  const strides = [height * width, width, 1];
  for (let d = 0; d < 3; d++) {
    for (let v = 0; v < voxels; v++) {
      const position =
        d === 0 ? Math.trunc(v / strides[0]) : d === 1 ? Math.trunc(v / width) % height : v % width;
      if (position === 0) continue;
      const noise = mix((3 * v + d + 777) >>> 0) % 512;
      const joined = neurons[v] === neurons[v - strides[d]];
      affinities[d * voxels + v] = (joined ? 1000 - Math.trunc((3 * noise) / 4) : 40 + noise) / 1024;
    }
  }
  return affinities;
}

function tiles(neurons: Uint32Array, [, height, width]: Shape): Uint32Array {
  const ids = new Map<number, number>();
  return neurons.map((neuron, v) => {
    const z = Math.trunc(v / (height * width) / 2);
    const y = Math.trunc((Math.trunc(v / width) % height) / 8);
    const key = ((neuron * 4096 + z) * 4096 + y) * 4096 + Math.trunc((v % width) / 8);
    let id = ids.get(key);
    if (id === undefined) ids.set(key, (id = ids.size + 1));
    return id;
  });
}

/** 64-bit FNV-1a of the labels renumbered 1, 2, ... by first voxel, as little-endian uint32s. For small volumes: it works in bigints. */
export function partitionDigest(labels: Uint32Array): string {
  const ids = new Map<number, number>();
  const words = new DataView(new ArrayBuffer(4 * labels.length));
  labels.forEach((label, v) => {
    if (label === 0) return;
    let id = ids.get(label);
    if (id === undefined) ids.set(label, (id = ids.size + 1));
    words.setUint32(4 * v, id, true);
  });
  let hash = 1469598103934665603n;
  for (const byte of new Uint8Array(words.buffer))
    hash = ((hash ^ BigInt(byte)) * 1099511628211n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, '0');
}

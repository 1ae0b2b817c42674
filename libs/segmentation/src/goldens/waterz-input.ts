/**
 * The deterministic input of the agglomeration goldens (waterz.json), in integer arithmetic only, and the digest they
 * are stated in. Neurons are a jittered-grid Voronoi diagram, affinities are k / 1024, fragments cut every neuron into
 * tiles of 2 x 8 x 8.
 */
import { relabelConsecutive } from '../labels/index.ts';
import type { Vec3 } from '../shape.ts';

export interface WaterzInput {
  readonly shape: Vec3;
  readonly neurons: Uint32Array;
  readonly affinities: Float32Array;
  readonly fragments: Uint32Array;
}

function mix(seed: number): number {
  let x = seed;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}

/** Neurons, affinities and fragments of a volume of D x H x W voxels; `cell` is the Voronoi grid's spacing in y, x. */
export function buildInput(shape: Vec3, cell: number): WaterzInput {
  const neurons = voronoi(shape, cell);
  return { shape, neurons, affinities: noisyAffinities(neurons, shape), fragments: tiled(neurons, shape) };
}

function voronoi([D, H, W]: Vec3, cell: number): Uint32Array {
  const cz = Math.max(1, cell >> 2);
  const [gz, gy, gx] = [Math.ceil(D / cz), Math.ceil(H / cell), Math.ceil(W / cell)];
  const seeds = new Int32Array(gz * gy * gx * 3);
  for (let i = 0, z = 0; z < gz; z++)
    for (let y = 0; y < gy; y++)
      for (let x = 0; x < gx; x++, i += 3) {
        let h = mix((i / 3 + 12345) >>> 0);
        seeds[i] = z * cz + (h % cz);
        h = mix(h);
        seeds[i + 1] = y * cell + (h % cell);
        h = mix(h);
        seeds[i + 2] = x * cell + (h % cell);
      }
  const neurons = new Uint32Array(D * H * W);
  const count = Math.max(1, Math.trunc((gz * gy * gx) / 3));
  for (let v = 0, z = 0; z < D; z++)
    for (let y = 0; y < H; y++)
      for (let x = 0; x < W; x++, v++) {
        let best = -1;
        let id = 0;
        const [z0, y0, x0] = [Math.trunc(z / cz), Math.trunc(y / cell), Math.trunc(x / cell)];
        for (let a = Math.max(0, z0 - 1); a <= Math.min(gz - 1, z0 + 1); a++)
          for (let b = Math.max(0, y0 - 1); b <= Math.min(gy - 1, y0 + 1); b++)
            for (let c = Math.max(0, x0 - 1); c <= Math.min(gx - 1, x0 + 1); c++) {
              const s = (a * gy + b) * gx + c;
              const [dz, dy, dx] = [z - seeds[3 * s], y - seeds[3 * s + 1], x - seeds[3 * s + 2]];
              const d = 16 * dz * dz + dy * dy + dx * dx;
              if (best < 0 || d < best) {
                best = d;
                id = s;
              }
            }
        neurons[v] = (mix(id >>> 0) % count) + 1;
      }
  return neurons;
}

function noisyAffinities(neurons: Uint32Array, [, H, W]: Vec3): Float32Array {
  const n = neurons.length;
  const affinities = new Float32Array(3 * n);
  for (const [d, stride] of [H * W, W, 1].entries())
    for (let v = 0; v < n; v++) {
      const p = d === 0 ? Math.trunc(v / (H * W)) : d === 1 ? Math.trunc(v / W) % H : v % W;
      if (p === 0) continue;
      const h = mix((v * 3 + d + 777) >>> 0) % 512;
      const inside = neurons[v] === neurons[v - stride];
      affinities[d * n + v] = (inside ? 1000 - Math.trunc((h * 3) / 4) : 40 + h) / 1024;
    }
  return affinities;
}

function tiled(neurons: Uint32Array, [, H, W]: Vec3): Uint32Array {
  const fragments = new Uint32Array(neurons.length);
  const ids = new Map<number, number>();
  for (let v = 0; v < neurons.length; v++) {
    const z = Math.trunc(v / (H * W) / 2);
    const y = Math.trunc((Math.trunc(v / W) % H) / 8);
    const x = Math.trunc((v % W) / 8);
    const key = ((neurons[v] * 4096 + z) * 4096 + y) * 4096 + x;
    let id = ids.get(key);
    if (id === undefined) ids.set(key, (id = ids.size + 1));
    fragments[v] = id;
  }
  return fragments;
}

/** FNV-1a over bytes, 64 bits kept as four 16-bit limbs so that the hot loop has no bigints. */
function fnv(bytes: Uint8Array): string {
  // The prime is 2^40 + 0x1b3: h * prime = h * 0x1b3 + (h << 40).
  const offset = 1469598103934665603n;
  const limb = (k: number) => Number((offset >> BigInt(16 * k)) & 0xffffn);
  let [a, b, c, d] = [limb(0), limb(1), limb(2), limb(3)];
  for (let i = 0; i < bytes.length; i++) {
    a ^= bytes[i];
    const p = a * 0x1b3;
    const q = b * 0x1b3 + (p >>> 16);
    const r = c * 0x1b3 + (q >>> 16) + ((a & 0xff) << 8);
    const s = d * 0x1b3 + (r >>> 16) + (a >>> 8) + ((b & 0xff) << 8);
    a = p & 0xffff;
    b = q & 0xffff;
    c = r & 0xffff;
    d = s & 0xffff;
  }
  return [d, c, b, a].map((part) => part.toString(16).padStart(4, '0')).join('');
}

/** Digest of a partition: labels renumbered by first occurrence, as little-endian uint32s. */
export function partitionDigest(labels: Uint32Array): string {
  return fnv(new Uint8Array(relabelConsecutive(labels).labels.buffer));
}

/** Digest of affinities that are multiples of 1 / 1024. */
export function affinityDigest(affinities: Float32Array): string {
  return fnv(new Uint8Array(Uint16Array.from(affinities, (a) => a * 1024).buffer));
}

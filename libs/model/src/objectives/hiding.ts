import type { Vec3 } from '../ops/ops.ts';
import type { Random } from '../random.ts';

const volume = ([z, y, x]: Vec3): number => z * y * x;

/** Which tokens of a crop stay visible (1) or are hidden (0), raster order. */
export type Visibility = Uint8Array;

/** *random*: a share of the tokens is hidden, at least one, never all. */
export function hideRandom(grid: Vec3, share: number, random: Random): Visibility {
  const tokens = volume(grid);
  const hidden = Math.min(tokens - 1, Math.max(1, Math.round(tokens * share)));
  const order = Uint32Array.from({ length: tokens }, (_, i) => i);
  const visible = new Uint8Array(tokens).fill(1);
  for (let i = 0; i < hidden; i++) {
    const j = i + random.integer(tokens - i); // Fisher and Yates, as far as needed
    [order[i], order[j]] = [order[j]!, order[i]!];
    visible[order[i]!] = 0;
  }
  return visible;
}

/** *next* and *next-all*: the first `kept` tokens stay; token number `kept` is the next one. */
export function keepPrefix(grid: Vec3, kept: number): Visibility {
  return new Uint8Array(volume(grid)).fill(1, 0, kept);
}

/** Length of a prefix, uniform in [1, K). */
export const drawPrefix = (grid: Vec3, random: Random): number => 1 + random.integer(volume(grid) - 1);

/** Tokens -> voxels: 1 where the voxel's token is visible. Row-major [z, y, x] of the crop. */
export function voxelsOf(visible: Visibility, grid: Vec3, token: Vec3): Float32Array {
  const [gz, gy, gx] = grid;
  const [tz, ty, tx] = token;
  const out = new Float32Array(gz * tz * gy * ty * gx * tx);
  for (let z = 0, at = 0; z < gz * tz; z++)
    for (let y = 0; y < gy * ty; y++) {
      const row = (Math.floor(z / tz) * gy + Math.floor(y / ty)) * gx;
      for (let i = 0; i < gx; i++, at += tx) out.fill(visible[row + i]!, at, at + tx);
    }
  return out;
}

/** The voxels of one token, raster order inside the token. */
export function tokenVoxels(crop: Float32Array, grid: Vec3, token: Vec3, index: number): Float32Array {
  const [, gy, gx] = grid;
  const [tz, ty, tx] = token;
  const [height, width] = [gy * ty, gx * tx];
  const origin = [
    Math.floor(index / (gy * gx)) * tz,
    (Math.floor(index / gx) % gy) * ty,
    (index % gx) * tx,
  ] as const;
  const out = new Float32Array(tz * ty * tx);
  for (let z = 0, at = 0; z < tz; z++)
    for (let y = 0; y < ty; y++, at += tx) {
      const from = ((origin[0] + z) * height + origin[1] + y) * width + origin[2];
      out.set(crop.subarray(from, from + tx), at);
    }
  return out;
}

/** The voxels of the tokens that are wanted, token by token, raster order inside each. */
export function tokenIndices(grid: Vec3, token: Vec3, wanted: (index: number) => boolean): Uint32Array {
  const [gz, gy, gx] = grid;
  const [tz, ty, tx] = token;
  const out: number[] = [];
  for (let index = 0; index < gz * gy * gx; index++) {
    if (!wanted(index)) continue;
    const [oz, oy, ox] = [
      Math.floor(index / (gy * gx)) * tz,
      (Math.floor(index / gx) % gy) * ty,
      (index % gx) * tx,
    ];
    for (let z = 0; z < tz; z++)
      for (let y = 0; y < ty; y++) {
        const row = ((oz + z) * gy * ty + oy + y) * gx * tx + ox;
        for (let x = 0; x < tx; x++) out.push(row + x);
      }
  }
  return Uint32Array.from(out);
}

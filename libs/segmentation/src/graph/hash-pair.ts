/** Mixes two ids to 32 bits. */
export function hashPair(u: number, v: number): number {
  let h = Math.imul(u, 0x9e3779b1) ^ Math.imul(v, 0x85ebca77);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

/**
 * How fast this machine is just now, so that figures of two machines, or of a quiet and a busy hour, can be compared as ratios.
 *
 * The kernel does what the hot loops here do: integer mixing, float sums and dependent reads. Its 256 KiB of typed arrays stay in a
 * core's own cache, so that a busy neighbour disturbs it little. It is part of every published ratio: changing it makes old figures
 * incomparable, so a change gets a new name.
 */
export const CALIBRATION = 'mixed-1';

const LENGTH = 1 << 15;
const STEPS = 1 << 23;

/** Million steps a second, the best of a few rounds; about 0.2 s in all. */
export function calibrate(): { rate: number; checksum: number } {
  const next = new Int32Array(LENGTH);
  for (let i = 0; i < LENGTH; i++) next[i] = (Math.imul(i, 0x9e3779b1) >>> 0) % LENGTH;
  const values = Float32Array.from(next, (n) => n / LENGTH);
  let best = Number.POSITIVE_INFINITY;
  let checksum = 0;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    checksum = kernel(next, values);
    best = Math.min(best, performance.now() - start);
  }
  return { rate: STEPS / best / 1000, checksum };
}

function kernel(next: Int32Array, values: Float32Array): number {
  let at = 1;
  let hash = 0x811c9dc5;
  let sum = 0;
  for (let step = 0; step < STEPS; step++) {
    at = (next[at] + step) & (LENGTH - 1);
    hash = Math.imul(hash ^ at, 0x01000193);
    sum += values[at] * values[step & (LENGTH - 1)];
  }
  return sum + (hash >>> 0) / 2 ** 32;
}

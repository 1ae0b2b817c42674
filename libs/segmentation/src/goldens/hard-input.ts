/**
 * A nastier input than waterz-input.ts: noise for affinities, fragments scattered over the volume so that the graph is
 * dense, a few hubs that touch nearly everything and do not have the smallest ids, and background. Ties of score and of
 * bin are common, edges collect long histograms, and small ids are merged into by large regions.
 */
import type { Vec3 } from '../shape.ts';

export function buildHardInput(shape: Vec3, seed: number) {
  const n = shape[0] * shape[1] * shape[2];
  const random = generator(seed);
  const affinities = new Float32Array(3 * n);
  for (let i = 0; i < affinities.length; i++)
    affinities[i] = Math.floor((random(1024) * random(1024)) / 1024) / 1024;
  const fragments = new Uint32Array(n);
  for (let v = 0; v < n; v++) {
    const kind = random(100);
    if (kind < 2) continue;
    fragments[v] = kind < 20 ? 1 + random(5) * Math.floor(n / 10) : 1 + random(Math.floor(n / 2));
  }
  return { shape, affinities, fragments };
}

/** Integers below a limit, by an integer hash of a counter. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

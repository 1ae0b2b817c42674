import type { Vec3 } from '../ops/ops.ts';

/**
 * Sinusoidal positions (Vaswani et al. 2017) of a grid, [z * y * x, channels]: a third of the channels per axis, from
 * the fraction of the axis, so that a feature grid and a token grid over the same crop share one frame. The array is
 * the same for every call and must not be written to.
 */
export function sinusoids(grid: Vec3, channels: number): Float32Array {
  const key = `${grid.join(' ')} ${channels}`;
  let values = table.get(key);
  if (!values) table.set(key, (values = compute(grid, channels)));
  return values;
}

/** Engines keep a constant per array of values: a fresh array every step would never be freed. */
const table = new Map<string, Float32Array>();

function compute(grid: Vec3, channels: number): Float32Array {
  const [depth, height, width] = grid;
  const out = new Float32Array(depth * height * width * channels);
  const pairs = Math.max(1, Math.floor(channels / 6));
  for (let z = 0, at = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at += channels) {
        const place = [(z + 0.5) / depth, (y + 0.5) / height, (x + 0.5) / width];
        for (let axis = 0; axis < 3; axis++)
          for (let pair = 0; pair < pairs; pair++) {
            const channel = (axis * pairs + pair) * 2;
            if (channel + 1 >= channels) continue;
            const angle = place[axis]! * Math.PI * 2 ** pair;
            out[at + channel] = Math.sin(angle);
            out[at + channel + 1] = Math.cos(angle);
          }
      }
  return out;
}

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
  const axes = grid.map((size) => waves(size, pairs)) as [Float32Array, Float32Array, Float32Array]; // three axes
  for (let z = 0, at = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at += channels) {
        const place = [z, y, x];
        for (let axis = 0; axis < 3; axis++) {
          const start = axis * pairs * 2;
          const whole = Math.min(pairs, Math.floor((channels - start) / 2)) * 2; // fewer where channels are few
          for (let i = 0; i < whole; i++) out[at + start + i] = axes[axis]![place[axis]! * pairs * 2 + i]!;
        }
      }
  return out;
}

/** Sine and cosine of one axis, [size, pairs, 2], each frequency twice the one before. */
function waves(size: number, pairs: number): Float32Array {
  const out = new Float32Array(size * pairs * 2);
  for (let cell = 0, at = 0; cell < size; cell++)
    for (let pair = 0; pair < pairs; pair++, at += 2) {
      const angle = ((cell + 0.5) / size) * Math.PI * 2 ** pair;
      out[at] = Math.sin(angle);
      out[at + 1] = Math.cos(angle);
    }
  return out;
}

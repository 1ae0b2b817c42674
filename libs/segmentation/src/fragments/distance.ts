import type { Vec3 } from '../shape.ts';

/**
 * Exact squared Euclidean distance of every voxel to the nearest voxel with `inside[v] === 0`, by lower envelopes of
 * parabolas, one axis after the other (Felzenszwalb and Huttenlocher, 2012).
 *
 * @param spacing distance between neighbours along z, y, x; 0 leaves an axis out (sections on their own)
 * @param distances where to write
 * @returns squared distances; `Infinity` where an axis-connected piece has no such voxel
 */
export function squaredDistances(
  inside: Uint8Array,
  shape: Vec3,
  spacing: Vec3,
  distances: Float64Array = new Float64Array(inside.length),
): Float64Array {
  const [depth, height, width] = shape;
  const plane = height * width;
  // loops, here and in the callers: TypedArray.from with a function is ten times slower
  for (let v = 0; v < inside.length; v++) distances[v] = inside[v] === 0 ? 0 : Infinity;
  const envelope = new Envelope(Math.max(depth, height, width));
  if (spacing[2] > 0)
    for (let row = 0; row < distances.length; row += width)
      envelope.run(distances, row, 1, width, spacing[2]);
  if (spacing[1] > 0)
    for (let z = 0; z < depth; z++)
      for (let x = 0; x < width; x++) envelope.run(distances, z * plane + x, width, height, spacing[1]);
  if (spacing[0] > 0)
    for (let column = 0; column < plane; column++) envelope.run(distances, column, plane, depth, spacing[0]);
  return distances;
}

/** The transform of one line: out[i] = min over j of f[j] + (spacing (i - j))^2. */
class Envelope {
  readonly #heights: Float64Array;
  readonly #sites: Int32Array;
  readonly #starts: Float64Array;

  constructor(longest: number) {
    this.#heights = new Float64Array(longest);
    this.#sites = new Int32Array(longest);
    this.#starts = new Float64Array(longest + 1);
  }

  run(values: Float64Array, start: number, stride: number, length: number, spacing: number): void {
    const heights = this.#heights;
    const sites = this.#sites;
    const starts = this.#starts;
    const weight = spacing * spacing;
    let last = -1;
    for (let i = 0; i < length; i++) {
      const height = values[start + i * stride];
      heights[i] = height;
      if (height === Infinity) continue;
      let from = -Infinity;
      while (last >= 0) {
        const j = sites[last];
        from = ((height - heights[j]) / weight + i * i - j * j) / (2 * (i - j));
        if (from > starts[last]) break;
        last -= 1;
        from = -Infinity;
      }
      last += 1;
      sites[last] = i;
      starts[last] = from;
    }
    if (last < 0) return;
    starts[last + 1] = Infinity;
    for (let i = 0, k = 0; i < length; i++) {
      while (starts[k + 1] < i) k += 1;
      const j = sites[k];
      values[start + i * stride] = heights[j] + weight * (i - j) * (i - j);
    }
  }
}

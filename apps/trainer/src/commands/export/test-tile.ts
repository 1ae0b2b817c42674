import { Random, type Vec3 } from '@tokenunify/model';

/**
 * A grey tile that looks enough like tissue for a network to work in the range it was trained in: bright bodies, dark walls two
 * or three voxels thick (where smooth noise changes sign), fine grain. The same for ever. Packages are published, so no
 * user's data may be in them.
 */
export function testTile([depth, height, width]: Vec3): Uint8Array {
  const out = new Uint8Array(depth * height * width);
  const [bodies, grain] = [lattice(0), lattice(1)];
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++) {
        const wall = Math.exp(-((interpolate(bodies, z / BODY, y / BODY, x / BODY) / WALL) ** 2));
        const texture = interpolate(grain, z / GRAIN, y / GRAIN, x / GRAIN);
        out[v] = Math.max(0, Math.min(255, Math.round(160 - 75 * wall + 14 * texture)));
      }
  return out;
}

/** Voxels between lattice points, and the value of the noise at which a wall has faded. */
const [BODY, WALL, GRAIN] = [13, 0.09, 2];
const SIDE = 32;

function lattice(index: number): Float32Array {
  const random = new Random(1000 + index);
  return Float32Array.from({ length: SIDE ** 3 }, () => random.uniform(-1, 1));
}

function interpolate(values: Float32Array, z: number, y: number, x: number): number {
  const [z0, y0, x0] = [Math.floor(z), Math.floor(y), Math.floor(x)];
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [dz, dy, dx] = [corner >> 2, (corner >> 1) & 1, corner & 1];
    const weight = side(z - z0, dz) * side(y - y0, dy) * side(x - x0, dx);
    sum += weight * values[(((z0 + dz) % SIDE) * SIDE + ((y0 + dy) % SIDE)) * SIDE + ((x0 + dx) % SIDE)]!;
  }
  return sum;
}
const side = (fraction: number, far: number): number => (far ? fraction : 1 - fraction);

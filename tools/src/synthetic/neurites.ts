import type { Random } from './random.ts';

/**
 * Neurites as tubes: smooth random walks with a radius that fill a box. Thick ones come first, each next one starts where most
 * room is left, and a walk steers towards room, so that the tubes pack instead of crossing. Space between the tubes is divided later
 * (partition.ts), which is what makes cells out of them.
 */
export interface Neurite {
  readonly neuron: number;
  /** (z, y, x) in nm, three numbers a sample; samples are one step apart. */
  readonly points: Float64Array;
  /** Radius in nm, one a sample. */
  readonly radii: Float64Array;
}

export interface Room {
  readonly low: readonly number[];
  readonly high: readonly number[];
}

type Point = readonly [number, number, number];

/** Grows neurites of about `diameter` nm until no place in the box is further than a thin neurite's radius from one. */
export function growNeurites(room: Room, diameter: number, random: Random): Neurite[] {
  const thinnest = 0.17 * diameter;
  const step = 0.16 * diameter;
  const clearance = new Clearance(room, 0.16 * diameter, 1.3 * diameter);
  const neurites: Neurite[] = [];
  for (let neuron = 0, failures = 0; failures < 4;) {
    const { point, space } = clearance.widest(random, 400);
    if (space < thinnest) {
      failures++;
      continue;
    }
    const wanted = Math.min(1.25, Math.max(0.2, 0.48 * Math.exp(0.55 * random.normal()))) * diameter;
    const trunk = trace(clearance, room, point, Math.min(wanted, space), step, thinnest, random);
    const family = [trunk, ...branches(clearance, room, trunk, step, thinnest, random)];
    for (const path of family) {
      const points = new Float64Array(path.flatMap((sample) => [...sample.point]));
      const radii = new Float64Array(path.map((sample) => sample.radius));
      neurites.push({ neuron, points, radii });
      for (const sample of path) clearance.add(sample.point, sample.radius);
    }
    neuron++;
    failures = 0;
  }
  return neurites;
}

interface Sample {
  readonly point: Point;
  readonly radius: number;
}

/** A neurite through a point: two walks in opposite directions. */
function trace(
  clearance: Clearance,
  room: Room,
  start: Point,
  radius: number,
  step: number,
  thinnest: number,
  random: Random,
): Sample[] {
  const heading = direction(random);
  const back: Point = [-heading[0], -heading[1], -heading[2]];
  const first = { point: start, radius };
  const ahead = walk(clearance, room, first, heading, step, thinnest, Number.POSITIVE_INFINITY, random);
  const behind = walk(clearance, room, first, back, step, thinnest, Number.POSITIVE_INFINITY, random);
  return [...behind.reverse(), first, ...ahead];
}

/** Side branches and twigs of a trunk: they leave it sideways and are thinner. */
function branches(
  clearance: Clearance,
  room: Room,
  trunk: readonly Sample[],
  step: number,
  thinnest: number,
  random: Random,
): Sample[][] {
  const paths: Sample[][] = [];
  for (const sample of trunk) {
    if (sample.radius < 1.6 * thinnest || random.uniform() > 0.06) continue;
    const root = {
      point: sample.point,
      radius: Math.max(thinnest, sample.radius * random.between(0.3, 0.6)),
    };
    const path = walk(
      clearance,
      room,
      root,
      direction(random),
      step,
      thinnest,
      random.between(10, 50),
      random,
    );
    if (path.length * step > 1.5 * sample.radius) paths.push([root, ...path]);
  }
  return paths;
}

/** Steps from a sample until the box ends, the room does, or the wanted number of steps is made. */
function walk(
  clearance: Clearance,
  room: Room,
  from: Sample,
  heading: Point,
  step: number,
  thinnest: number,
  longest: number,
  random: Random,
): Sample[] {
  const path: Sample[] = [];
  const span = Math.max(...room.high.map((high, d) => high - room.low[d]));
  const steps = Math.min(longest, (3 * span) / step);
  let { point, radius } = from;
  let ahead = heading;
  while (path.length < steps) {
    let best = Number.NEGATIVE_INFINITY;
    let chosen = ahead;
    for (let trial = 0; trial < 6; trial++) {
      const turn = direction(random);
      const way = unit(ahead[0] + 0.45 * turn[0], ahead[1] + 0.45 * turn[1], ahead[2] + 0.45 * turn[2]);
      const space = clearance.at(
        point[0] + step * way[0],
        point[1] + step * way[1],
        point[2] + step * way[2],
      );
      const score = Math.min(space, 1.2 * from.radius) / from.radius + 0.25 * random.uniform();
      if (score > best) {
        best = score;
        chosen = way;
      }
    }
    ahead = chosen;
    point = [point[0] + step * ahead[0], point[1] + step * ahead[1], point[2] + step * ahead[2]];
    const space = clearance.at(point[0], point[1], point[2]);
    const outside = point.some((p, d) => p < room.low[d] || p > room.high[d]);
    if (outside || space < thinnest) break;
    // varicosities: the radius breathes along the way, and yields to its neighbours
    const aim = from.radius * Math.exp(0.35 * random.normal());
    radius += 0.25 * (Math.max(thinnest, Math.min(aim, space)) - radius);
    path.push({ point, radius });
  }
  return path;
}

function direction(random: Random): Point {
  return unit(random.normal(), random.normal(), random.normal());
}

function unit(z: number, y: number, x: number): Point {
  const length = Math.sqrt(z * z + y * y + x * x) || 1;
  return [z / length, y / length, x / length];
}

/** Distance to the nearest tube's surface on a lattice, up to a cap: what is asked thousands of times while tubes grow. */
class Clearance {
  readonly #room: Room;
  readonly #pitch: number;
  readonly #cap: number;
  readonly #size: readonly number[];
  readonly #values: Float32Array;

  constructor(room: Room, pitch: number, cap: number) {
    this.#room = room;
    this.#pitch = pitch;
    this.#cap = cap;
    this.#size = room.low.map((low, d) => Math.ceil((room.high[d] - low) / pitch) + 1);
    this.#values = new Float32Array(this.#size[0] * this.#size[1] * this.#size[2]).fill(cap);
  }

  at(z: number, y: number, x: number): number {
    const { low } = this.#room;
    const [depth, height, width] = this.#size;
    const iz = Math.min(depth - 1, Math.max(0, Math.round((z - low[0]) / this.#pitch)));
    const iy = Math.min(height - 1, Math.max(0, Math.round((y - low[1]) / this.#pitch)));
    const ix = Math.min(width - 1, Math.max(0, Math.round((x - low[2]) / this.#pitch)));
    return this.#values[(iz * height + iy) * width + ix];
  }

  /** The roomiest of some random lattice points. */
  widest(random: Random, trials: number): { point: Point; space: number } {
    const [, height, width] = this.#size;
    let best = 0;
    for (let trial = 0; trial < trials; trial++) {
      const i = Math.floor(random.uniform() * this.#values.length);
      if (trial === 0 || this.#values[i] > this.#values[best]) best = i;
    }
    const { low } = this.#room;
    const point: Point = [
      low[0] + this.#pitch * Math.floor(best / (height * width)),
      low[1] + this.#pitch * (Math.floor(best / width) % height),
      low[2] + this.#pitch * (best % width),
    ];
    return { point, space: this.#values[best] };
  }

  add(point: Point, radius: number): void {
    const [depth, height, width] = this.#size;
    const reach = (radius + this.#cap) / this.#pitch;
    const [cz, cy, cx] = point.map((p, d) => (p - this.#room.low[d]) / this.#pitch);
    for (let z = Math.max(0, Math.ceil(cz - reach)); z <= Math.min(depth - 1, cz + reach); z++) {
      for (let y = Math.max(0, Math.ceil(cy - reach)); y <= Math.min(height - 1, cy + reach); y++) {
        for (let x = Math.max(0, Math.ceil(cx - reach)); x <= Math.min(width - 1, cx + reach); x++) {
          const distance = Math.sqrt((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2) * this.#pitch - radius;
          const i = (z * height + y) * width + x;
          if (distance < this.#values[i]) this.#values[i] = distance;
        }
      }
    }
  }
}

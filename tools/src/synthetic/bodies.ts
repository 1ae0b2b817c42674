import { FAR, type Grid, type Partition } from './partition.ts';
import type { Warp } from './warp.ts';

/** How a thing inside a neuron looks: a wall of `rimWidth` nm of one grey level around a lumen of another. */
export interface Body {
  readonly neuron: number;
  readonly rim: number;
  readonly rimWidth: number;
  readonly lumen: number;
  /** nm of cytosol that stays free between it and the neuron's border. */
  readonly gap: number;
  /** Plates across a mitochondrion: wave vector (radians a nm, z y x) and height in grey levels. */
  readonly plates?: { readonly wave: readonly [number, number, number]; readonly height: number };
}

/** A ball of a chain; consecutive balls are joined by a cone. */
export interface Ball {
  /** Where, in the warped space in which neurites are straight tubes: (z, y, x), nm. */
  readonly at: readonly [number, number, number];
  readonly radius: number;
}

/** All bodies of a volume as one signed distance, negative inside. */
export class BodyLayer {
  readonly bodies: Body[] = [];
  /** Signed distance to the nearest body's surface, nm; FAR where there is none. */
  readonly distance: Float32Array;
  /** Which body that is. */
  readonly nearest: Uint32Array;
  readonly #grid: Grid;
  readonly #partition: Partition;
  readonly #warp: Warp;
  readonly #jitter: number;

  constructor(grid: Grid, partition: Partition, warp: Warp) {
    this.#grid = grid;
    this.#partition = partition;
    this.#warp = warp;
    this.distance = new Float32Array(partition.owner.length).fill(FAR);
    this.nearest = new Uint32Array(partition.owner.length);
    this.#jitter = grid.shift.reduce((most, shift) => Math.max(most, Math.abs(shift)), 0);
  }

  /**
   * Adds a chain of balls as one body. It is cut to its neuron less the gap, so it never reaches into another cell, and yields to bodies
   * that are already there.
   */
  add(body: Body, chain: readonly Ball[]): void {
    const index = this.bodies.push(body) - 1;
    const place = new Float64Array(3);
    const balls = chain.map(({ at, radius }) => {
      this.#warp.undo(at[0], at[1], at[2], place);
      return { z: place[0], y: place[1], x: place[2], radius };
    });
    if (balls.length === 1) balls.push(...balls);
    for (let i = 1; i < balls.length; i++) this.#cone(index, body, balls[i - 1], balls[i]);
  }

  #cone(index: number, body: Body, a: Place, b: Place): void {
    const { shape, pitch, shift } = this.#grid;
    const { owner, border } = this.#partition;
    const [, height, width] = shape;
    const margin = Math.max(a.radius, b.radius) + EDGE;
    const range = (p: number, q: number, axis: 0 | 1 | 2, slack: number): [number, number] => [
      Math.max(0, Math.ceil((Math.min(p, q) - margin - slack) / pitch[axis] - 0.5)),
      Math.min(shape[axis] - 1, Math.floor((Math.max(p, q) + margin + slack) / pitch[axis] - 0.5)),
    ];
    const [z0, z1] = range(a.z, b.z, 0, 0);
    const [y0, y1] = range(a.y, b.y, 1, this.#jitter);
    const [x0, x1] = range(a.x, b.x, 2, this.#jitter);
    const [ez, ey, ex] = [b.z - a.z, b.y - a.y, b.x - a.x];
    const squared = Math.max(1e-6, ez * ez + ey * ey + ex * ex);
    for (let z = z0; z <= z1; z++) {
      const dz = (z + 0.5) * pitch[0] - a.z;
      for (let y = y0; y <= y1; y++) {
        const dy = (y + 0.5) * pitch[1] + shift[2 * z] - a.y;
        const row = (z * height + y) * width;
        for (let x = x0; x <= x1; x++) {
          const v = row + x;
          if (owner[v] !== body.neuron) continue;
          const dx = (x + 0.5) * pitch[2] + shift[2 * z + 1] - a.x;
          const t = Math.min(1, Math.max(0, (dz * ez + dy * ey + dx * ex) / squared));
          const reach = (dz - t * ez) ** 2 + (dy - t * ey) ** 2 + (dx - t * ex) ** 2;
          const d = Math.max(Math.sqrt(reach) - a.radius - t * (b.radius - a.radius), body.gap - border[v]);
          if (d >= this.distance[v] || (this.distance[v] < 0 && this.nearest[v] !== index)) continue;
          this.distance[v] = d;
          this.nearest[v] = index;
        }
      }
    }
  }
}

interface Place {
  readonly z: number;
  readonly y: number;
  readonly x: number;
  readonly radius: number;
}

/** How far outside its surface a body still tints the image, nm. */
const EDGE = 14;

import { describe, expect, it } from 'vitest';
import { BodyLayer } from './bodies.ts';
import { connectLabels } from './connect.ts';
import { blurBox } from './noise.ts';
import type { Grid, Partition } from './partition.ts';
import { randomStream } from './random.ts';

const still = {
  apply: (z: number, y: number, x: number, out: Float64Array) => out.set([z, y, x]),
  undo: (z: number, y: number, x: number, out: Float64Array) => out.set([z, y, x]),
};

describe('BodyLayer', () => {
  it('cuts a body at its own neuron, less the gap to the membrane', () => {
    const grid: Grid = { shape: [9, 9, 20], pitch: [10, 10, 10], shift: new Float64Array(18) };
    const owner = Uint32Array.from({ length: 1620 }, (_, v) => (v % 20 < 10 ? 0 : 1));
    const border = Float32Array.from({ length: 1620 }, (_, v) => Math.abs((v % 20) + 0.5 - 10) * 10);
    const partition: Partition = { owner, border };
    const layer = new BodyLayer(grid, partition, still);
    layer.add({ neuron: 1, rim: 90, rimWidth: 10, lumen: 110, gap: 20 }, [{ at: [45, 45, 110], radius: 45 }]);
    const inside = [...layer.distance.keys()].filter((v) => layer.distance[v] < 0);
    expect(inside.length).toBeGreaterThan(50);
    for (const v of inside) {
      expect(owner[v]).toBe(1);
      expect(border[v]).toBeGreaterThan(20);
    }
  });
});

describe('connectLabels', () => {
  it('gives separate pieces separate ids and lets crumbs join the neighbour they touch most', () => {
    // row by row: 5 twice with 6 between them, and one stray voxel of 9 inside the last run of 6
    const owner = Uint32Array.from([5, 5, 5, 6, 6, 6, 5, 5, 5, 6, 6, 9, 6, 6, 6]);
    expect(connectLabels(owner, [1, 1, 15], 2)).toEqual({
      labels: Uint32Array.from([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5]),
      count: 5,
    });
  });
});

describe('blurBox', () => {
  it('averages over the window along each axis and cuts it at the borders', () => {
    const values = Float32Array.from([0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    blurBox(values, [1, 2, 5], [1, 0, 1]);
    expect([...values]).toEqual([0, 2, 2, 2, 0, 0, 0, 0, 0, 0]);
    blurBox(values, [1, 2, 5], [0, 1, 0]);
    expect([...values]).toEqual([0, 1, 1, 1, 0, 0, 1, 1, 1, 0]);
  });
});

describe('randomStream', () => {
  it('is uniform enough, and independent between names and seeds that are beyond 32 bits', () => {
    const draws = (seed: number, name: string) => {
      const random = randomStream(seed, name);
      return Array.from({ length: 4000 }, () => random.uniform());
    };
    const first = draws(1, 'a');
    expect(first.reduce((sum, u) => sum + u, 0) / 4000).toBeCloseTo(0.5, 1);
    for (const other of [draws(2, 'a'), draws(1, 'b'), draws(1 + 2 ** 32, 'a')]) {
      const covariance = first.reduce((sum, u, i) => sum + (u - 0.5) * (other[i] - 0.5), 0) / 4000;
      expect(Math.abs(covariance)).toBeLessThan(0.01);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantiseAffinities } from '../affinities.ts';
import { buildInput } from '../goldens/waterz-input.ts';
import { connectedComponents } from '../labels/index.ts';
import type { Vec3 } from '../shape.ts';
import { boundaryMap } from './boundary.ts';
import { squaredDistances } from './distance.ts';
import { makeFragments, priorityFlood } from './index.ts';
import { regionalMaxima } from './maxima.ts';
import { smoothIntegers } from './smooth.ts';

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 5 }),
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 1, max: 7 }),
);
const volumes = (max: number) =>
  shapes.chain((shape) => {
    const n = shape[0] * shape[1] * shape[2];
    return fc.record({
      shape: fc.constant<Vec3>(shape),
      values: fc.uint8Array({ minLength: n, maxLength: n, max }),
    });
  });
const at = ([, h, w]: Vec3, v: number): Vec3 => [Math.floor(v / (h * w)), Math.floor(v / w) % h, v % w];

describe('distances', () => {
  it('are those of the definition, with any voxel size', () => {
    const spacings = fc.constantFrom<Vec3>([1, 1, 1], [4, 1, 1], [2.5, 1, 1.25]);
    fc.assert(
      fc.property(volumes(1), spacings, ({ shape, values }, spacing) => {
        const expected = Float64Array.from(values, (_, v) => {
          const p = at(shape, v);
          let best = Infinity;
          for (let u = 0; u < values.length; u++) {
            if (values[u] !== 0) continue;
            const q = at(shape, u);
            best = Math.min(
              best,
              p.reduce((sum, pd, d) => sum + ((pd - q[d]) * spacing[d]) ** 2, 0),
            );
          }
          return best;
        });
        expect(squaredDistances(values, shape, spacing)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe('regional maxima', () => {
  it('are plateaus without a higher neighbour', () => {
    fc.assert(
      fc.property(volumes(4), fc.boolean(), ({ shape, values }, sections) => {
        const integers = Int32Array.from(values);
        const seeds = regionalMaxima(integers, shape, sections);
        const near = (u: number, v: number) => {
          const [p, q] = [at(shape, u), at(shape, v)];
          const far = p.map((pd, d) => Math.abs(pd - q[d]));
          return u !== v && Math.max(...far) <= 1 && (!sections || far[0] === 0);
        };
        const all = [...values.keys()];
        // Plateaus by repeated spreading of "touches something higher".
        const beaten = all.map(
          (v) => values[v] === 0 || all.some((u) => near(u, v) && values[u] > values[v]),
        );
        for (let changed = true; changed;) {
          changed = false;
          for (const v of all)
            if (!beaten[v] && all.some((u) => beaten[u] && near(u, v) && values[u] === values[v]))
              beaten[v] = changed = true;
        }
        expect([...seeds].map((id) => id === 0)).toEqual(beaten);
        for (const u of all)
          for (const v of all)
            if (seeds[u] !== 0 && seeds[v] !== 0 && near(u, v)) expect(seeds[u]).toBe(seeds[v]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('smoothing', () => {
  it('keeps a constant, and does not care which way round the volume lies', () => {
    fc.assert(
      fc.property(volumes(255), ({ shape, values }) => {
        const constant = new Int32Array(values.length).fill(77);
        smoothIntegers(constant, shape, [2, 1, 1]);
        expect(new Set(constant)).toEqual(new Set([77]));
        const there = Int32Array.from(values);
        const back = there.slice().reverse();
        smoothIntegers(there, shape, [1, 1, 1.5]);
        smoothIntegers(back, shape, [1, 1, 1.5]);
        expect(back.reverse()).toEqual(there);
      }),
    );
  });
});

describe('priority flood', () => {
  it('splits a ridge where it is highest', () => {
    const levels = Uint8Array.of(0, 10, 50, 200, 30, 0);
    const seeds = Uint32Array.of(1, 0, 0, 0, 0, 2);
    expect([...priorityFlood(levels, seeds, [1, 1, 6], false)]).toEqual([1, 1, 1, 2, 2, 2]);
  });
  it('reaches every voxel, and never joins what its seeds keep apart', () => {
    fc.assert(
      fc.property(volumes(255), fc.nat(), ({ shape, values }, where) => {
        const seeds = new Uint32Array(values.length);
        seeds[where % seeds.length] = 1;
        seeds[0] = 2;
        const labels = priorityFlood(values, seeds, shape, false);
        expect(labels.every((label) => label !== 0)).toBe(true);
        const parts = connectedComponents(labels, shape);
        expect(new Set(parts).size).toBe(new Set(labels).size);
      }),
    );
  });
  it('stays in its section and inside the mask', () => {
    const labels = priorityFlood(
      new Uint8Array(8),
      Uint32Array.of(5, 0, 0, 0, 0, 0, 0, 0),
      [2, 1, 4],
      true,
      Uint8Array.of(1, 1, 0, 1, 1, 1, 1, 1),
    );
    expect([...labels]).toEqual([5, 5, 0, 0, 0, 0, 0, 0]);
  });
});

describe('fragments', () => {
  const input = buildInput([12, 48, 48], 16);
  const affinities = quantiseAffinities(input.affinities, input.shape);

  it('cover the volume, are connected, and are numbered by first voxel', () => {
    for (const mode of ['3d', 'section'] as const) {
      const { labels, count } = makeFragments(affinities, { mode });
      expect(connectedComponents(labels, input.shape)).toEqual(labels);
      expect(labels.reduce((a, b) => Math.max(a, b))).toBe(count);
      expect(count).toBeGreaterThan(10);
    }
  });

  it('never cross sections in section mode', () => {
    const { labels } = makeFragments(affinities, { mode: 'section' });
    const plane = 48 * 48;
    const home = new Map<number, number>();
    labels.forEach((label, v) => {
      const z = Math.floor(v / plane);
      expect(home.get(label) ?? z).toBe(z);
      home.set(label, z);
    });
  });

  it('are those of the cells of the volume when only a part of it is there', () => {
    const options = { mode: '3d', cell: [6, 16, 16], halo: [0, 0, 0] } as const;
    const whole = makeFragments(affinities, options).labels;
    const origin: Vec3 = [3, 10, 5];
    const size: Vec3 = [9, 38, 43];
    const part = new Uint8Array(3 * 9 * 38 * 43);
    const inWhole = (z: number, y: number, x: number) => ((z + 3) * 48 + y + 10) * 48 + x + 5;
    for (let c = 0, i = 0; c < 3; c++)
      for (let z = 0; z < 9; z++)
        for (let y = 0; y < 38; y++)
          for (let x = 0; x < 43; x++, i++) part[i] = affinities.data[c * 12 * 48 * 48 + inWhole(z, y, x)];
    const alone = makeFragments({ shape: size, data: part, origin }, options).labels;
    // in cells that the part holds whole, which are not those that it would have by itself
    const pairs = new Map<number, number>();
    for (let z = 3; z < 9; z++)
      for (let y = 6; y < 38; y++)
        for (let x = 11; x < 43; x++) {
          const [a, b] = [whole[inWhole(z, y, x)], alone[(z * 38 + y) * 43 + x]];
          expect(pairs.get(a) ?? b).toBe(b);
          pairs.set(a, b);
        }
    expect(new Set(pairs.values()).size).toBe(pairs.size);
    expect(pairs.size).toBeGreaterThan(8);
  });

  it('never cross cells, and do not depend on what lies beyond the halo', () => {
    const options = { mode: '3d', cell: [6, 16, 16], halo: [2, 4, 4] } as const;
    const whole = makeFragments(affinities, options).labels;
    // The corner cell, from a volume that ends where its halo does.
    const size: Vec3 = [8, 20, 20];
    const crop = new Uint8Array(3 * 8 * 20 * 20);
    const inWhole = (z: number, y: number, x: number) => (z * 48 + y) * 48 + x;
    for (let c = 0, i = 0; c < 3; c++)
      for (let z = 0; z < 8; z++)
        for (let y = 0; y < 20; y++)
          for (let x = 0; x < 20; x++, i++) crop[i] = affinities.data[c * 12 * 48 * 48 + inWhole(z, y, x)];
    const alone = makeFragments({ shape: size, data: crop }, options).labels;
    const pairs = new Map<number, number>();
    for (let z = 0; z < 6; z++)
      for (let y = 0; y < 16; y++)
        for (let x = 0; x < 16; x++) {
          const a = whole[inWhole(z, y, x)];
          const b = alone[(z * 20 + y) * 20 + x];
          expect(pairs.get(a) ?? b).toBe(b);
          pairs.set(a, b);
        }
    expect(new Set(pairs.values()).size).toBe(pairs.size);
    const outside = new Set<number>();
    for (let z = 0; z < 12; z++)
      for (let y = 0; y < 48; y++)
        for (let x = 0; x < 48; x++) if (z >= 6 || y >= 16 || x >= 16) outside.add(whole[inWhole(z, y, x)]);
    expect([...pairs.keys()].some((id) => outside.has(id))).toBe(false);
  });

  it('drop small ones when asked', () => {
    const { labels, count } = makeFragments(affinities, { mode: '3d', minimumFragmentSize: 30 });
    const sizes = new Uint32Array(count + 1);
    labels.forEach((label) => sizes[label]++);
    expect(sizes.subarray(1).every((size) => size >= 30)).toBe(true);
  });

  it('are one where nothing is a boundary, and one where everything is', () => {
    const n = 3 * 4 * 5;
    expect(
      makeFragments({ shape: [3, 4, 5], data: new Uint8Array(3 * n).fill(255) }, { mode: '3d' }).count,
    ).toBe(1);
    expect(makeFragments({ shape: [3, 4, 5], data: new Uint8Array(3 * n) }, { mode: '3d' }).count).toBe(1);
    expect(makeFragments({ shape: [3, 4, 5], data: new Uint8Array(3 * n) }, { mode: 'section' }).count).toBe(
      3,
    );
  });
});

it('a boundary lies on both sides of a cut link in 3d', () => {
  // two voxels along x, the link between them is cut half
  expect([...boundaryMap({ shape: [1, 1, 2], data: Uint8Array.of(0, 0, 0, 0, 0, 128) }, '3d')]).toEqual([
    127, 127,
  ]);
});

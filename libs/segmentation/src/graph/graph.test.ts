import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agglomerate, applyLookup } from '../agglomeration/index.ts';
import { relabelConsecutive } from '../labels/index.ts';
import type { Vec3 } from '../shape.ts';
import { buildRegionGraph, mergeRegionGraphs, type RegionGraph } from './index.ts';

const inputs = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 2, max: 6 }))
  .chain((shape) => {
    const n = shape[0] * shape[1] * shape[2];
    return fc.record({
      shape: fc.constant<Vec3>(shape),
      fragments: fc.uint32Array({ minLength: n, maxLength: n, max: 12 }),
      affinities: fc.uint8Array({ minLength: 3 * n, maxLength: 3 * n }),
    });
  });

/** The definition: every link between two fragments, in a map. */
function plainGraph(affinities: Uint8Array, fragments: Uint32Array, [d, h, w]: Vec3) {
  const edges = new Map<string, { sum: number; count: number; maximum: number }>();
  for (let v = 0; v < fragments.length; v++) {
    const at = [Math.floor(v / (h * w)), Math.floor(v / w) % h, v % w];
    for (const [axis, stride] of [h * w, w, 1].entries()) {
      if (at[axis] === 0) continue;
      const [a, b] = [fragments[v], fragments[v - stride]].sort((p, q) => p - q);
      if (a === b || a === 0) continue;
      const level = affinities[axis * d * h * w + v];
      const edge = edges.get(`${a} ${b}`) ?? { sum: 0, count: 0, maximum: 0 };
      edges.set(`${a} ${b}`, {
        sum: edge.sum + level,
        count: edge.count + 1,
        maximum: Math.max(edge.maximum, level),
      });
    }
  }
  return edges;
}

describe('the region graph', () => {
  it('holds every link once, in order', () => {
    fc.assert(
      fc.property(inputs, ({ affinities, fragments, shape }) => {
        const graph = buildRegionGraph(affinities, fragments, shape);
        const plain = plainGraph(affinities, fragments, shape);
        expect(graph.u.length).toBe(plain.size);
        let before = -1;
        graph.u.forEach((u, e) => {
          expect(u).toBeLessThan(graph.v[e]);
          expect(u * 100 + graph.v[e]).toBeGreaterThan(before);
          before = u * 100 + graph.v[e];
          const { sum, count, maximum } = plain.get(`${u} ${graph.v[e]}`)!;
          expect([graph.sum[e], graph.count[e], graph.maximum[e]]).toEqual([sum, count, maximum]);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('of a whole is the sum of the graphs of its sections and the links between, in any order', () => {
    fc.assert(
      fc.property(inputs, fc.integer(), ({ affinities, fragments, shape }, seed) => {
        const whole = buildRegionGraph(affinities, fragments, shape);
        const parts = inParts(affinities, fragments, shape);
        if (seed % 2 === 0) parts.reverse();
        const merged = mergeRegionGraphs(parts);
        expect({ ...merged, nodeCount: whole.nodeCount }).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });

  it('counts float affinities like uint8 ones', () => {
    fc.assert(
      fc.property(inputs, ({ affinities, fragments, shape }) => {
        const eighths = affinities.map((level) => level >> 5);
        const exact = buildRegionGraph(eighths, fragments, shape);
        const floats = buildRegionGraph(
          Float32Array.from(eighths, (level) => level / 8),
          fragments,
          shape,
        );
        expect(floats.sum.map((sum) => sum / 2 ** 21)).toEqual(exact.sum);
        expect([floats.u, floats.v, floats.count]).toEqual([exact.u, exact.v, exact.count]);
        // eighths are exact in float32, so the reference's running mean agrees up to its rounding
        floats.runningMean?.forEach((mean, e) =>
          expect(mean).toBeCloseTo(exact.sum[e] / exact.count[e] / 8, 5),
        );
        expect([exact.runningMean, mergeRegionGraphs([floats]).runningMean]).toEqual([undefined, undefined]);
      }),
    );
  });
});

/** Graphs that share out the links: each section's own, then each pair of sections without those. */
function inParts(affinities: Uint8Array, fragments: Uint32Array, [d, h, w]: Vec3): RegionGraph[] {
  const plane = h * w;
  const cut = (z0: number, z1: number) =>
    Uint8Array.from({ length: 3 * (z1 - z0) * plane }, (_, i) => {
      const channel = Math.floor(i / ((z1 - z0) * plane));
      return affinities[channel * d * plane + z0 * plane + (i % ((z1 - z0) * plane))];
    });
  return Array.from({ length: d }, (_, z) => {
    const own = buildRegionGraph(cut(z, z + 1), fragments.subarray(z * plane, (z + 1) * plane), [1, h, w]);
    if (z === 0) return own;
    // A column of two sections at a time: only its link along z is in no section.
    const columns = Array.from({ length: plane }, (_, p) =>
      buildRegionGraph(
        Uint8Array.of(0, affinities[z * plane + p], 0, 0, 0, 0),
        Uint32Array.of(fragments[(z - 1) * plane + p], fragments[z * plane + p]),
        [2, 1, 1],
      ),
    );
    return mergeRegionGraphs([own, ...columns]);
  });
}

describe('agglomeration', () => {
  it('coarsens: what a threshold joins, a higher one keeps joined', () => {
    fc.assert(
      fc.property(
        inputs,
        fc.constantFrom('mean' as const, 'hist50' as const, 'max' as const),
        (input, scoring) => {
          const graph = buildRegionGraph(input.affinities, input.fragments, input.shape);
          let before: Uint32Array | undefined;
          let regions = graph.nodeCount;
          for (const { lookup, merges } of agglomerate(graph, { scoring, thresholds: [0.2, 0.5, 0.8] })) {
            regions -= merges;
            expect(new Set(lookup.subarray(1)).size).toBe(regions);
            // a region is named by its smallest fragment
            lookup.forEach((region, id) => expect(region <= id && lookup[region] === region).toBe(true));
            before?.forEach((region, id) => expect(lookup[id]).toBe(lookup[region]));
            before = lookup;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('does not depend on gaps in the ids, as long as their order stays', () => {
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 50 }), ({ affinities, fragments, shape }, gap) => {
        const spread = fragments.map((id) => id * gap);
        const labels = [fragments, spread].map((ids) => {
          const graph = buildRegionGraph(affinities, ids, shape);
          const [step] = agglomerate(graph, { scoring: 'hist50', thresholds: [0.6] });
          return relabelConsecutive(applyLookup(ids, step.lookup)).labels;
        });
        expect(labels[1]).toEqual(labels[0]);
      }),
      { numRuns: 200 },
    );
  });
});

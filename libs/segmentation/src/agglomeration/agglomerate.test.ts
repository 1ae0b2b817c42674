import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { buildHardInput } from '../goldens/hard-input.ts';
import { affinityDigest, buildInput, partitionDigest } from '../goldens/waterz-input.ts';
import { buildRegionGraph } from '../graph/index.ts';
import type { Vec3 } from '../shape.ts';
import { agglomerate, applyLookup, type Scoring } from './index.ts';

interface Golden {
  shape: Vec3;
  cell: number;
  scoring: Scoring;
  affinityDigest: string;
  fragmentDigest: string;
  fragmentCount: number;
  thresholds: { threshold: number; merges: number; segments: number; digest: string }[];
}
// The file is ours and typed by hand above; JSON.parse cannot know it.
const goldens = JSON.parse(readFileSync(new URL('../goldens/waterz.json', import.meta.url), 'utf8')) as {
  cases: Golden[];
};

describe('partitions are those of waterz', () => {
  test.each(goldens.cases)('$scoring on $shape', (golden) => {
    const { affinities, fragments, shape } = buildInput(golden.shape, golden.cell);
    expect(affinityDigest(affinities)).toBe(golden.affinityDigest);
    expect(partitionDigest(fragments)).toBe(golden.fragmentDigest);
    const graph = buildRegionGraph(affinities, fragments, shape);
    expect(graph.nodeCount).toBe(golden.fragmentCount);
    const thresholds = golden.thresholds.map((t) => t.threshold);
    const steps = [...agglomerate(graph, { scoring: golden.scoring, thresholds })];
    const seen = steps.map(({ threshold, merges, lookup }) => ({
      threshold,
      merges,
      digest: partitionDigest(applyLookup(fragments, lookup)),
    }));
    expect(seen).toEqual(
      golden.thresholds.map(({ threshold, merges, digest }) => ({ threshold, merges, digest })),
    );
  });
});

type HardGolden = ({ kind: 'noise'; seed: number } | { kind: 'tiled'; cell: number }) & {
  shape: Vec3;
  scoring: Scoring;
  thresholds: { threshold: number; merges: number; digest: string }[];
};
// ours too: made by oracles/make-waterz-hard.ts
const hard = JSON.parse(readFileSync(new URL('../goldens/waterz-hard.json', import.meta.url), 'utf8')) as {
  cases: HardGolden[];
};

describe('partitions are those of waterz where ties, hubs and long histograms abound', () => {
  test.each(hard.cases)('$scoring on $kind of $shape', (golden) => {
    const { shape } = golden;
    const { affinities, fragments } =
      golden.kind === 'noise' ? buildHardInput(shape, golden.seed) : buildInput(shape, golden.cell);
    const graph = buildRegionGraph(affinities, fragments, shape);
    const thresholds = golden.thresholds.map((t) => t.threshold);
    const seen = [...agglomerate(graph, { scoring: golden.scoring, thresholds })].map((step) => ({
      threshold: step.threshold,
      merges: step.merges,
      digest: partitionDigest(applyLookup(fragments, step.lookup)),
    }));
    expect(seen).toEqual(golden.thresholds);
  });
});

describe('bad input', () => {
  const { affinities, fragments, shape } = buildInput([4, 16, 16], 8);
  it('names the first affinity that is none', () => {
    const broken = affinities.slice();
    broken[1024 + 16 * 16 + 16 + 3] = Number.NaN;
    expect(() => buildRegionGraph(broken, fragments, shape)).toThrow(/channel 1 at voxel \(1, 1, 3\) is NaN/);
  });
  it('refuses thresholds that descend, and scorings it does not know', () => {
    const graph = buildRegionGraph(affinities, fragments, shape);
    expect(() => [...agglomerate(graph, { scoring: 'mean', thresholds: [0.5, 0.4] })]).toThrow(/ascending/);
    expect(() => [...agglomerate(graph, { scoring: 'hist500', thresholds: [0.5] })]).toThrow(/'hist500'/);
  });
});

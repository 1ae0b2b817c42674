import { agglomerate, applyLookup, buildRegionGraph, type Scoring } from '@tokenunify/segmentation';
import { ToolsError } from '../../errors.ts';
import { time, type Benchmark, type Measurement } from '../benchmark.ts';
import { goldenInput, partitionDigest } from './golden-input.ts';

const SHAPE = [32, 256, 256] as const;
const THRESHOLDS = [0.2, 0.3, 0.4, 0.5];

/** What waterz (C++, bin queue of 256) makes of `goldenInput([8, 64, 64], 16)` at threshold 0.5. */
export const GOLDEN: readonly { readonly scoring: Scoring; readonly digest: string }[] = [
  { scoring: 'hist50', digest: '5346fb7c11deed2f' },
  { scoring: 'mean', digest: '5312b9e42d85427f' },
];

export const agglomerateBenchmark: Benchmark = {
  name: 'agglomerate',
  summary: 'region graph, then hist50 and mean agglomeration, of 32 x 256 x 256 voxels in 29,401 fragments',
  async run({ signal, report }) {
    checkPartitions();
    report('partitions of the small case are those of waterz');
    const { affinities, fragments } = goldenInput(SHAPE, 32);
    const quantised = Uint8Array.from(affinities, (affinity) => Math.round(255 * affinity));
    let graph = buildRegionGraph(affinities, fragments, SHAPE);
    report(`${graph.nodeCount} fragments, ${graph.u.length} edges; thresholds ${THRESHOLDS.join(', ')}`);
    const fromFloats = await time(4, signal, () => {
      graph = buildRegionGraph(affinities, fragments, SHAPE);
    });
    const fromBytes = await time(4, signal, () => void buildRegionGraph(quantised, fragments, SHAPE));
    const measurements: Measurement[] = [
      { name: 'graph (float32)', value: fromFloats.best / 1000, unit: 's', better: 'lower' },
      { name: 'graph (uint8)', value: fromBytes.best / 1000, unit: 's', better: 'lower' },
    ];
    for (const { scoring } of GOLDEN) {
      const merging = await time(4, signal, () => {
        for (const step of agglomerate(graph, { scoring, thresholds: THRESHOLDS }))
          applyLookup(fragments, step.lookup);
      });
      const rate = fragments.length / (fromFloats.best + merging.best) / 1000;
      measurements.push(
        { name: `${scoring} merging`, value: merging.best / 1000, unit: 's', better: 'lower' },
        { name: `${scoring} merging, median`, value: merging.median / 1000, unit: 's', better: 'lower' },
        { name: `${scoring} graph + merging`, value: rate, unit: 'Mvoxel/s', better: 'higher' },
      );
    }
    return measurements;
  },
};

/** A fast wrong partition must not count. */
function checkPartitions(): void {
  const shape = [8, 64, 64] as const;
  const { affinities, fragments } = goldenInput(shape, 16);
  const graph = buildRegionGraph(affinities, fragments, shape);
  for (const { scoring, digest } of GOLDEN) {
    for (const step of agglomerate(graph, { scoring, thresholds: [0.5] })) {
      const found = partitionDigest(applyLookup(fragments, step.lookup));
      if (found === digest) continue;
      throw new ToolsError(
        'tools/wrong-result',
        `Agglomeration by ${scoring} gave the partition ${found} where waterz gives ${digest}: run the tests of libs/segmentation.`,
      );
    }
  }
}

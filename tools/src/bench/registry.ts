import type { Benchmark } from './benchmark.ts';
import { agglomerateBenchmark } from './benchmarks/agglomerate.ts';
import { enginesBenchmark } from './benchmarks/engines.ts';
import { exportInferenceBenchmark } from './benchmarks/export-inference.ts';
import { scanBenchmark } from './benchmarks/scan.ts';
import { serviceBenchmark } from './benchmarks/service.ts';
import { syntheticBenchmark } from './benchmarks/synthetic.ts';
import { tilesBenchmark } from './benchmarks/tiles.ts';
import { trainStepBenchmark } from './benchmarks/train-step.ts';

/** Every benchmark, in the order in which the list shows them. */
export const benchmarks: readonly Benchmark[] = [
  agglomerateBenchmark,
  tilesBenchmark,
  enginesBenchmark,
  trainStepBenchmark,
  scanBenchmark,
  exportInferenceBenchmark,
  syntheticBenchmark,
  serviceBenchmark,
];

import type { Benchmark } from './benchmark.ts';
import { agglomerateBenchmark } from './benchmarks/agglomerate.ts';
import { syntheticBenchmark } from './benchmarks/synthetic.ts';

/** Every benchmark, in the order in which the list shows them. */
export const benchmarks: readonly Benchmark[] = [agglomerateBenchmark, syntheticBenchmark];

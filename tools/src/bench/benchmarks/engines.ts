import type { Benchmark, Measurement } from '../benchmark.ts';

export const enginesBenchmark: Benchmark = {
  name: 'engines',
  summary: 'fp32 rates of every training engine that this machine has: a matrix product and a 3D convolution',
  async run({ signal, report }) {
    // not at the top: it loads TensorFlow.js, and listing the benchmarks should not wait for that
    const { engineNames, isModelError, measureEngine, openEngine } = await import('@tokenunify/model');
    const measurements: Measurement[] = [];
    for (const name of engineNames) {
      signal.throwIfAborted();
      try {
        const { matmulGflops, conv3dGflops } = await measureEngine(await openEngine(name));
        measurements.push(
          { name: `${name}: matrix product`, value: matmulGflops, unit: 'GFLOP/s', better: 'higher' },
          { name: `${name}: 3D convolution`, value: conv3dGflops, unit: 'GFLOP/s', better: 'higher' },
        );
      } catch (error) {
        if (!isModelError(error, 'model/engine')) throw error;
        report(error.message);
      }
    }
    return measurements;
  },
};

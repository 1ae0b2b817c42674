import { syntheticVolume } from '../../synthetic/index.ts';
import { time, type Benchmark } from '../benchmark.ts';

export const syntheticBenchmark: Benchmark = {
  name: 'synthetic',
  summary: 'making a synthetic EM volume of 64 x 160 x 160 voxels, with its truth',
  async run({ signal, report }) {
    const shape = [64, 160, 160] as const;
    report(`volumes of ${shape.join(' x ')} at 10 nm, three seeds`);
    let seed = 0;
    const { best, median } = await time(3, signal, () => void syntheticVolume({ shape, seed: ++seed }));
    const voxels = shape[0] * shape[1] * shape[2];
    return [
      { name: 'volume, best', value: best / 1000, unit: 's', better: 'lower' },
      { name: 'volume, median', value: median / 1000, unit: 's', better: 'lower' },
      { name: 'rate', value: voxels / best / 1000, unit: 'Mvoxel/s', better: 'higher' },
    ];
  },
};

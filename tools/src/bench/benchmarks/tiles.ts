import { ndArray, volumeFromArray } from '@tokenunify/em-io';
import { computeAffinities, planTiles } from '@tokenunify/segmentation';
import { requireModel } from '../../bundled-model.ts';
import { syntheticVolume } from '../../synthetic/index.ts';
import { time, type Benchmark } from '../benchmark.ts';

const SHAPE = [64, 112, 112] as const;

export const tilesBenchmark: Benchmark = {
  name: 'tiles',
  summary: `the bundled model on a CPU: one tile, and the blended affinities of ${SHAPE.join(' x ')} voxels`,
  async run({ model: directory, signal, report }) {
    requireModel(directory);
    // not at the top: it loads TensorFlow.js, and listing the benchmarks should not wait for that
    const { readModelPackage, startInference } = await import('@tokenunify/model');
    const model = await readModelPackage(directory);
    const inference = await startInference(model, { signal });
    try {
      const { tileShape, inputScale, minimumShape } = model;
      report(
        `${model.name} ${model.version}, tiles of ${tileShape.join(' x ')}, ${inference.threads} threads`,
      );
      const { raw, voxelSize } = syntheticVolume({ shape: SHAPE, seed: 1 });
      const volume = volumeFromArray(ndArray('uint8', SHAPE, raw), { voxelSize });
      const tileVoxels = tileShape[0] * tileShape[1] * tileShape[2];
      const tile = Float32Array.from({ length: tileVoxels }, (_, v) => raw[v % raw.length] / 255);
      // the first run also allocates
      await inference.predict(tile, 1, { signal });
      const one = await time(5, signal, async () => void (await inference.predict(tile, 1, { signal })));
      const whole = await time(2, signal, async () => {
        for await (const _ of computeAffinities(volume, inference, { inputScale, minimumShape, signal }));
      });
      const tiles = planTiles(SHAPE, tileShape, 0.25).tiles.length;
      return [
        { name: 'one tile', value: one.best / 1000, unit: 's', better: 'lower' },
        { name: 'one tile, median', value: one.median / 1000, unit: 's', better: 'lower' },
        { name: 'inside a tile', value: tileVoxels / one.best / 1000, unit: 'Mvoxel/s', better: 'higher' },
        { name: 'tiles of the volume', value: tiles, unit: '' },
        { name: 'volume', value: whole.best / 1000, unit: 's', better: 'lower' },
        {
          name: 'volume, overlap paid',
          value: raw.length / whole.best / 1000,
          unit: 'Mvoxel/s',
          better: 'higher',
        },
      ];
    } finally {
      await inference.close();
    }
  },
};

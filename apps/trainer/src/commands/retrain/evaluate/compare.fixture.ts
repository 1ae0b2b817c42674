/** Two models that predict from grey values, without a network: tests can tell what their scores must be. */
import type { ModelPackage } from '@tokenunify/model';
import type { Vec3 } from '@tokenunify/em-io';
import { cells, write } from '../../../testing.fixture.ts';
import type { Reporter } from '../../../progress/reporter.ts';
import type { Annotation } from '../types.ts';
import type { CompareTools } from './index.ts';

export const TILE: Vec3 = [16, 16, 16];

type Change = { readonly [field in 'tileShape' | 'minimumShape']?: Vec3 } & {
  readonly inputScale?: ModelPackage['inputScale'];
  readonly postprocessing?: unknown;
};

export function fakeModel(version: string, change: Change = {}): ModelPackage {
  return {
    dir: '/models/fake',
    name: 'TokenUnify fake',
    version,
    description: 'For tests.',
    digest: `sha256:${version.replaceAll('.', '').padEnd(64, '0')}`,
    preset: 'nano',
    tileShape: TILE,
    minimumShape: [4, 4, 4],
    inputScale: { offset: 0, scale: 1 / 255 },
    outputChannels: 3,
    postprocessing: { watershed: { mode: '3d' }, agglomeration: { scoring: 'mean', threshold: 0.5 } },
    modelPath: '/models/fake/model.onnx',
    testInputPath: '/models/fake/test-input.npy',
    testOutputPath: '/models/fake/test-output.npy',
    opsetVersion: 17,
    license: 'Apache-2.0',
    metrics: {},
    training: {},
    cite: [],
    files: {},
    ...change,
  };
}

/** Affinity of a voxel: whether it is brighter than the model's threshold. Version 1.x.x is blind. */
export function fakeTools(ran: string[] = []): CompareTools {
  let clock = 0;
  return {
    now: () => clock,
    start: (model) => {
      const blind = model.version.startsWith('1');
      return Promise.resolve({
        tileShape: model.tileShape,
        batchSize: 1,
        channels: 3 as const,
        close: () => Promise.resolve(void ran.push(`closed ${model.version}`)),
        predict: (tiles: Float32Array, count: number) => {
          clock += blind ? 1 : 2;
          ran.push(model.version);
          const voxels = tiles.length / count;
          const out = new Float32Array(3 * tiles.length);
          for (let i = 0; i < tiles.length; i++)
            for (let c = 0; c < 3; c++)
              out[(3 * Math.floor(i / voxels) + c) * voxels + (i % voxels)] =
                blind || tiles[i]! > 110 / 255 ? 1 : 0;
          return Promise.resolve(out);
        },
      });
    },
  };
}

export const silent: Reporter = { progress: () => {}, note: () => {}, result: () => {} };

/** A volume of cells on disk, with annotations of it. */
export async function annotated(join: (name: string) => string, shape: Vec3 = [24, 40, 48]) {
  const { raw, labels } = cells(shape, 6);
  // ids of a lab are no small numbers
  const renamed = { ...labels, data: labels.data.map((id) => 1000 + id) };
  await write(join('raw.npy'), raw, [10, 10, 10]);
  await write(join('labels.npy'), renamed);
  const annotation = (number: number, start: Vec3, stop: Vec3): Annotation => ({
    number,
    raw: join('raw.npy'),
    labels: join('labels.npy'),
    box: { start, stop },
    sha256: String(number).repeat(64),
    split: 'held-out',
    key: `key-${number}`,
  });
  return [annotation(1, [0, 0, 0], [24, 20, 48]), annotation(2, [2, 20, 0], [24, 40, 30])] as const;
}

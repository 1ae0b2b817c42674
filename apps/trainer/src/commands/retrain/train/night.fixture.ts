import { readModelPackage, type ModelPackage } from '@tokenunify/model';
import type { Reporter } from '../../../progress/reporter.ts';
import { cells, temporaryDirectory, write } from '../../../testing.fixture.ts';
import { writeUntrainedPackage } from '../../../untrained.fixture.ts';
import type { Annotation, TrainingSettings } from '../types.ts';

export const quiet: Reporter = { progress: () => {}, note: () => {}, result: () => {} };

export const training: TrainingSettings = {
  ...{ steps: 2, rate: 1e-3, crop: [16, 16, 16], batch: 1, checkpointEvery: 2 },
  ...{ isotropic: true, erode: true, engine: 'cpu', seed: 1 },
};

const annotation = (
  number: number,
  raw: string,
  labels: string,
  stop: Annotation['box']['stop'],
): Annotation => ({
  ...{ number, raw, labels, split: 'train' },
  box: { start: [0, 0, 0], stop },
  sha256: String(number).repeat(64),
  key: `key-${number}`,
});

export interface NightFixture {
  readonly annotations: readonly Annotation[];
  readonly champion: ModelPackage;
  readonly join: (...names: string[]) => string;
  readonly remove: () => Promise<void>;
}

/** A champion and two annotations of other sizes, in a directory of their own. */
export async function nightFixture(): Promise<NightFixture> {
  const { join, remove } = await temporaryDirectory();
  const annotations: Annotation[] = [];
  for (const [number, shape] of [
    [1, [16, 20, 24]],
    [2, [20, 16, 18]],
  ] as const) {
    const { raw, labels } = cells(shape, 4 + number);
    annotations.push(
      annotation(
        number,
        await write(join(`raw-${number}.zarr`), raw),
        await write(join(`labels-${number}.npy`), labels),
        shape,
      ),
    );
  }
  const champion = await readModelPackage(await writeUntrainedPackage(join('champion')));
  return { annotations, champion, join, remove };
}

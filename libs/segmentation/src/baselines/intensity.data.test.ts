import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openVolume, toUint32, type Box } from '@tokenunify/em-io';
import { expect, it } from 'vitest';
import { connectedComponents } from '../labels/index.ts';
import { variationOfInformation } from '../metrics/index.ts';
import { intensityBaseline, tuneIntensityBaseline } from './index.ts';

const folder = process.env.EM_DATA_DIR ?? join(import.meta.dirname, '../../../../../shared/data');
const file = join(folder, 'fib25-train.h5');

async function read(dataset: string, box: Box) {
  if (!existsSync(file))
    throw new Error(`${file} is missing: set EM_DATA_DIR to the folder of the real volumes.`);
  await using volume = await openVolume(`${file}:/volumes/${dataset}`);
  return volume.read(box);
}

async function part(box: Box) {
  const raw = await read('raw', box);
  const truth = await read('labels/neuron_ids', box);
  const shape = [raw.shape[0], raw.shape[1], raw.shape[2]] as const;
  if (!(raw.data instanceof Uint8Array)) throw new Error(`${file} holds ${raw.dtype} raw data, not uint8.`);
  return { raw: raw.data, truth: toUint32(truth, 'truth'), shape };
}

it('intensity alone, tuned elsewhere, is between 1.4 and 1.9 bits on the report slab of FIB-25', async () => {
  const elsewhere = await part({ start: [0, 20, 0], stop: [130, 90, 250] });
  const { threshold } = tuneIntensityBaseline(elsewhere.raw, elsewhere.truth, elsewhere.shape);
  const slab = await part({ start: [0, 158, 0], stop: [250, 190, 250] });
  const labels = intensityBaseline(slab.raw, slab.shape, { threshold });
  const { total } = variationOfInformation(connectedComponents(slab.truth, slab.shape), labels);
  expect(total).toBeGreaterThan(1.3);
  expect(total).toBeLessThan(1.9);
});

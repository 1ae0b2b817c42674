import { expect, it } from 'vitest';
import type { Vec3 } from '@tokenunify/em-io';
import { Scratch } from '../scratch.ts';
import { directoryArtefacts, planJob, runJob, taskMemory, taskWorker } from './index.ts';
import { GreyPredictor, last, neurons, outputOf, temporaryDirectory } from './testing.ts';

it.each<[string, Vec3, Vec3]>([
  ['a cell', [20, 20, 20], [20, 20, 20]],
  ['several cells', [20, 20, 20], [20, 40, 40]],
])('a worker needs what the plan says, in blocks of %s', async (_, cell, block) => {
  const shape: Vec3 = [40, 44, 48];
  const plan = planJob({
    shape,
    tileShape: [8, 16, 16],
    block,
    postprocessing: {
      watershed: { mode: '3d', cell, halo: [4, 4, 4], minimumFragmentSize: 5 },
      agglomeration: { scoring: 'mean', threshold: 0.4 },
    },
  });
  const directory = await temporaryDirectory();
  const artefacts = directoryArtefacts(directory.path);
  const scratch = new Scratch();
  const predictor = new GreyPredictor([8, 16, 16]);
  const context = { artefacts, volume: neurons(shape, 4), predictor, output: outputOf(plan), scratch };
  await last(runJob(plan, { artefacts, workers: [taskWorker(plan, context)] }));
  await directory.remove();
  expect(scratch.bytes).toBeLessThanOrEqual(1.05 * taskMemory(plan));
  expect(scratch.bytes).toBeGreaterThan(0.7 * taskMemory(plan));
});

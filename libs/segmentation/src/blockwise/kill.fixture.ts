/**
 * Does, or goes on with, a small job whose artefacts and labels lie in a directory. Killed and started again by
 * `kill.faults.test.ts`.
 *
 *     node kill.fixture.ts DIRECTORY
 */
import { createVolume } from '@tokenunify/em-io';
import { directoryArtefacts, labelChunkShape, labelShape, planJob, runJob, taskWorker } from './index.ts';
import { GreyPredictor, killedSpec, last, neurons } from './testing.ts';

const directory = process.argv[2];
const plan = planJob(killedSpec);
const output = await createVolume(`${directory}/labels.zarr`, {
  shape: labelShape(plan),
  dtype: 'uint32',
  chunkShape: labelChunkShape(plan),
  resume: true,
});
const artefacts = directoryArtefacts(`${directory}/artefacts`);
const volume = neurons(killedSpec.shape, 11, 40);
const predictor = new GreyPredictor(killedSpec.tileShape);
process.stdout.write('started\n');
const context = { artefacts, volume, predictor, output };
const workers = [taskWorker(plan, context), taskWorker(plan, context)];
await last(runJob(plan, { artefacts, workers, sweepOlderThan: 0, dropStages: ['affinities'] }));
await output.close();
process.stdout.write('finished\n');

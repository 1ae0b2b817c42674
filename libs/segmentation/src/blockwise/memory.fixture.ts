/**
 * Segments a float32 volume that exists nowhere: voxels are computed when read, labels are counted and forgotten. Run by
 * `memory.faults.test.ts` as a process of its own; prints one line of JSON.
 *
 *     node memory.fixture.ts DEPTH HEIGHT WIDTH ARTEFACTS [WORKERS]
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { NdArray, Vec3, Volume, WritableVolume } from '@tokenunify/em-io';
import { volumeFromArray } from '@tokenunify/em-io';
import type { AffinityPredictor } from '../tiles/index.ts';
import {
  directoryArtefacts,
  labelShape,
  planJob,
  runJob,
  taskWorker,
  type JobStage,
  type Task,
} from './index.ts';

const [depth, height, width] = process.argv.slice(2, 5).map(Number);
const directory = process.argv[5];
const workers = Number(process.argv[6] ?? 1);
const shape: Vec3 = [depth, height, width];
const PERIOD = 128; // as a cell, so that the graph stays small

function memory(field: 'VmHWM' | 'VmRSS'): number {
  const line = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1]) * 1024;
}

/** Blocks of neurite with dark walls between them. */
const wall = (at: number) => at % PERIOD < 3;
const empty = volumeFromArray({ dtype: 'float32', shape: [1, 1, 1], data: Float32Array.of(0) });
const volume: Volume = {
  ...empty,
  shape,
  location: 'a volume made up as it is read',
  async read({ start, stop }): Promise<NdArray> {
    const size = [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]];
    const data = new Float32Array(size[0] * size[1] * size[2]).fill(60_000);
    for (let z = start[0], v = 0; z < stop[0]; z++)
      for (let y = start[1]; y < stop[1]; y++)
        for (let x = start[2]; x < stop[2]; x++, v++) if (wall(z) || wall(y) || wall(x)) data[v] = 3000;
    return { dtype: 'float32', shape: size, data };
  },
};

const tileShape: Vec3 = [32, 32, 32];
const predictor: AffinityPredictor = {
  tileShape,
  batchSize: 4,
  channels: 3,
  async predict(tiles, count) {
    const out = new Float32Array(3 * tiles.length);
    const n = tiles.length / count;
    for (let t = 0; t < count; t++)
      for (let c = 0; c < 3; c++) out.set(tiles.subarray(t * n, (t + 1) * n), (3 * t + c) * n);
    return out;
  },
};

const plan = planJob({
  shape,
  tileShape,
  overlap: 0.1,
  tilesPerTask: 4,
  postprocessing: {
    watershed: { mode: 'section', cell: [16, 128, 128], halo: [0, 8, 8] },
    agglomeration: { scoring: 'hist50', threshold: 0.5 },
    minimumSize: 50,
  },
  block: [16, 128, 128],
  rawRange: [0, 65_535],
});
let written = 0;
const output: WritableVolume = {
  ...volumeFromArray({ dtype: 'uint32', shape: [1, 1, 1], data: Uint32Array.of(0) }),
  shape: labelShape(plan),
  write: async (_, { data }) => void (written += data.length),
};
const artefacts = directoryArtefacts(directory);
const seconds = new Map<JobStage, number>();
const worker = taskWorker(plan, { artefacts, volume, predictor, output });
const timed = {
  async run(task: Task, signal: AbortSignal) {
    const from = performance.now();
    await worker.run(task, signal);
    seconds.set(task.stage, (seconds.get(task.stage) ?? 0) + (performance.now() - from) / 1000);
  },
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void; // what --expose-gc exposes
collect();
const idle = memory('VmRSS');
const started = performance.now();
const steps = runJob(plan, {
  artefacts,
  workers: Array.from({ length: workers }, () => timed),
  dropStages: ['affinities', 'fragments', 'graph'],
});
let step = await steps.next();
while (!step.done) step = await steps.next();
console.log(
  JSON.stringify({
    ...step.value,
    voxels: written,
    bytes: Float32Array.BYTES_PER_ELEMENT * depth * height * width,
    idle,
    peak: memory('VmHWM'),
    seconds: (performance.now() - started) / 1000,
    stages: Object.fromEntries(seconds),
  }),
);

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  volumeFromArray,
  type NdArray,
  type Vec3,
  type Volume,
  type WritableVolume,
} from '@tokenunify/em-io';
import { segment } from '../chain/index.ts';
import { planTiles, type AffinityPredictor } from '../tiles/index.ts';
import { directoryArtefacts, labelShape, type ArtefactStore, type JobPlan, type JobSpec } from './index.ts';

/** A small generator of numbers in [0, 1) (mulberry32), so that a failing case can be run again. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Grey neurons with dark, noisy membranes: cells of random points. */
export function neurons(shape: Vec3, seed: number, count = 20): Volume {
  const next = random(seed);
  const points = Array.from({ length: count }, () => shape.map((side) => next() * side));
  const data = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let z = 0, v = 0; z < shape[0]; z++)
    for (let y = 0; y < shape[1]; y++)
      for (let x = 0; x < shape[2]; x++, v++) {
        const distances = points.map((p) => Math.hypot(z - p[0], y - p[1], x - p[2])).sort((a, b) => a - b);
        const wall = distances[1] - distances[0];
        data[v] = Math.min(255, Math.max(0, 40 + wall * 60 + next() * 60));
      }
  return volumeFromArray({ dtype: 'uint8', shape, data }, { location: 'neurons' });
}

/** Says of a link what its two voxels look like, a little differently at every place of a tile, as networks do. Counts. */
export class GreyPredictor implements AffinityPredictor {
  readonly tileShape: Vec3;
  readonly batchSize: number;
  readonly channels = 3;
  tiles = 0;

  constructor(tileShape: Vec3, batchSize = 3) {
    this.tileShape = tileShape;
    this.batchSize = batchSize;
  }

  async predict(tiles: Float32Array, count: number): Promise<Float32Array> {
    const [depth, height, width] = this.tileShape;
    const n = depth * height * width;
    const out = new Float32Array(3 * tiles.length);
    this.tiles += count;
    for (let t = 0; t < count; t++)
      for (let c = 0; c < 3; c++)
        for (let v = 0; v < n; v++) {
          const u = v - [height * width, width, 1][c];
          const grey = Math.min(tiles[t * n + v], tiles[t * n + (u < 0 ? v : u)]);
          out[(t * 3 + c) * n + v] = Math.min(1, grey * (0.92 + 0.08 * (((v * 7) % 13) / 13)));
        }
    return out;
  }
}

/** Where labels go, in memory. Takes what overlaps as it comes, and counts the writes. */
export function outputOf(plan: JobPlan): WritableVolume & { readonly labels: Uint32Array } {
  const shape = labelShape(plan);
  const labels = new Uint32Array(shape[0] * shape[1] * shape[2]);
  return {
    ...volumeFromArray({ dtype: 'uint32', shape, data: labels }),
    labels,
    async write({ start, stop }, { data }: NdArray) {
      for (let z = start[0], from = 0; z < stop[0]; z++)
        for (let y = start[1]; y < stop[1]; y++) {
          const width = stop[2] - start[2];
          labels.set(
            (data as Uint32Array).subarray(from, from + width),
            (z * shape[1] + y) * shape[2] + start[2],
          ); // labels are uint32
          from += width;
        }
    },
  };
}

/** What `segment` says, in one piece. */
export async function inOnePiece(
  volume: Volume,
  spec: JobSpec,
  predictor: AffinityPredictor,
): Promise<{ labels: Uint32Array; count: number; fragmentCount: number }> {
  const { rawRange, ...options } = spec;
  return last(segment(volume, predictor, { ...options, ...(rawRange && { rawRange }) }));
}

/** Runs a generator to its end. */
export async function last<T>(steps: AsyncGenerator<unknown, T, void>): Promise<T> {
  for (;;) {
    const step = await steps.next();
    if (step.done) return step.value;
  }
}

/** A directory for a test's artefacts, and its end. */
export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'blockwise-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Artefacts in a directory whose operations fail when `fails` says so, before or after they did their work. */
export function faultyArtefacts(path: string, fails: () => 'before' | 'after' | false): ArtefactStore {
  const store = directoryArtefacts(path);
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    const when = fails();
    if (when === 'before') throw new Error('the store failed before it did anything');
    const result = await work();
    if (when === 'after') throw new Error('the store failed after it did it');
    return result;
  };
  return {
    put: (name, parts) => guard(() => store.put(name, parts)),
    putIfAbsent: (name, bytes) => guard(() => store.putIfAbsent(name, bytes)),
    get: (name) => guard(() => store.get(name)),
    getRange: (name, offset, target) => guard(() => store.getRange(name, offset, target)),
    delete: (name) => guard(() => store.delete(name)),
    list: (prefix) => store.list(prefix),
  };
}

/** Names of all files under a directory, relative to it; none when it is not there. */
export async function filesUnder(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort();
}

/** How many tiles touch a job's box. */
export function tileCountOf({ shape, tileShape, overlap = 0.25, box }: JobSpec): number {
  return planTiles(shape, tileShape, overlap, box).tiles.length;
}

/** The job that `kill.fixture.ts` does. */
export const killedSpec: JobSpec = {
  shape: [48, 60, 64],
  tileShape: [16, 16, 16],
  block: [16, 16, 16],
  postprocessing: {
    watershed: { mode: '3d', cell: [16, 16, 16], halo: [4, 4, 4] },
    agglomeration: { scoring: 'hist50', threshold: 0.4 },
    minimumSize: 20,
  },
};

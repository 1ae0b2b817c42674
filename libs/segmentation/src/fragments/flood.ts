import { BinQueue } from '../bin-queue.ts';
import { Scratch } from '../scratch.ts';
import type { Vec3 } from '../shape.ts';
import { faceSteps, forEachRow, paddedShape } from './padded.ts';

const WALL = 0xffffffff;

/**
 * Seeded watershed by priority flood (Meyer): labelled voxels spread to unlabelled neighbours that share a face, lowest
 * level first, first come first served within a level. Ties are settled by raster order of the seeds, so the result is
 * a function of its input.
 *
 * @param levels 0 .. 255, floods rise from low to high
 * @param seeds labels to start from, 0 = free; ids below 2^32 - 1
 * @param sections floods stay in their z-slice
 * @param mask where 0, nothing is labelled
 * @returns labels; 0 only where no flood arrives
 */
export function priorityFlood(
  levels: Uint8Array,
  seeds: Uint32Array,
  shape: Vec3,
  sections: boolean,
  mask?: Uint8Array,
): Uint32Array {
  return flood(levels, seeds, shape, sections, new Scratch(), mask).slice();
}

/** The same with memory to use: the labels lie in it. */
export function flood(
  levels: Uint8Array,
  seeds: Uint32Array,
  shape: Vec3,
  sections: boolean,
  scratch: Scratch,
  mask?: Uint8Array,
): Uint32Array {
  const padded = paddedShape(shape);
  const width = shape[2];
  const labels = scratch.uint32(padded.size).fill(WALL);
  scratch.scope(() => {
    const height = scratch.uint8(padded.size);
    forEachRow(shape, padded, (row, at) => {
      labels.set(seeds.subarray(row, row + width), at);
      height.set(levels.subarray(row, row + width), at);
      if (mask) for (let x = 0; x < width; x++) if (mask[row + x] === 0) labels[at + x] = WALL;
    });
    const queue = new BinQueue(padded.size, scratch.int32(padded.size));
    spread(labels, height, queue, faceSteps(padded, sections), padded.origin);
  });
  // rows move towards the front, so none is written over before it moved
  forEachRow(shape, padded, (row, at) => labels.copyWithin(row, at, at + width));
  const out = labels.subarray(0, seeds.length);
  if (mask) for (let v = 0; v < out.length; v++) if (out[v] === WALL) out[v] = 0;
  return out;
}

function spread(
  labels: Uint32Array,
  height: Uint8Array,
  queue: BinQueue,
  steps: Int32Array,
  origin: number,
): void {
  for (let p = origin; p < labels.length; p++) {
    const label = labels[p];
    if (label !== 0 && label !== WALL && hasFree(labels, p, steps)) queue.push(p, height[p]);
  }
  for (let p = queue.top(); p >= 0; p = queue.top()) {
    queue.pop();
    const label = labels[p];
    for (let s = 0; s < steps.length; s++) {
      const q = p + steps[s];
      if (labels[q] !== 0) continue;
      labels[q] = label;
      queue.push(q, height[q]);
    }
  }
}

/** Voxels inside a seed have nothing to give and would only lengthen the queue. */
function hasFree(labels: Uint32Array, p: number, steps: Int32Array): boolean {
  for (let s = 0; s < steps.length; s++) if (labels[p + steps[s]] === 0) return true;
  return false;
}

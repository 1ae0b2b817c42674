import type { Vec3 } from '@tokenunify/em-io';
import { ToolsError } from '../errors.ts';
import { connectLabels } from './connect.ts';
import { clipped, detect, renderTissue } from './imaging.ts';
import { growNeurites, type Room } from './neurites.ts';
import { growOrganelles } from './organelles.ts';
import { partitionSpace, type Grid } from './partition.ts';
import { randomStream } from './random.ts';
import { MICROSCOPE, TISSUE } from './tissue.ts';
import { warpSpace } from './warp.ts';

export interface SyntheticOptions {
  /** Sections, rows, columns. */
  readonly shape: Vec3;
  /** A non-negative integer; the same seed and options give the same bytes. */
  readonly seed: number;
  /** nm, (z, y, x); default [10, 10, 10]. Sections at least 1.5 times as thick as a pixel are imaged as cut sections. */
  readonly voxelSize?: Vec3;
  /** Typical thickness of a neurite, nm; default 300. Most lie between a third of it and twice it. */
  readonly neuronDiameter?: number;
  /** nm; default 28. */
  readonly membraneThickness?: number;
  /** Shot noise at mid-grey, grey levels; default 5. */
  readonly noise?: number;
}

export interface SyntheticVolume {
  /** Grey values, C order. */
  readonly raw: Uint8Array;
  /** Neuron ids 1..neurons; every voxel has one, every id is 6-connected. A membrane voxel belongs to the neuron on its side. */
  readonly labels: Uint32Array;
  readonly shape: Vec3;
  readonly voxelSize: Vec3;
  readonly neurons: number;
}

/**
 * Makes an EM-like volume whose neurons are known exactly: tubular neurites that fill space, dark membranes between them, textured
 * cytoplasm with mitochondria, vesicles, reticulum and microtubules, and a microscope with blur, section thickness and shot noise.
 * What is drawn, in which units and why, is in tissue.ts. About 1 s for a million voxels.
 *
 * @example
 * const { raw, labels } = syntheticVolume({ shape: [64, 160, 160], seed: 1 });
 * const thinSections = syntheticVolume({ shape: [30, 200, 200], seed: 1, voxelSize: [40, 8, 8] });
 * @throws ToolsError 'tools/bad-option' naming the option
 */
export function syntheticVolume(options: SyntheticOptions): SyntheticVolume {
  const {
    shape,
    seed,
    voxelSize = [10, 10, 10],
    neuronDiameter = 300,
    membraneThickness = TISSUE.membraneThickness,
  } = options;
  const { noise = MICROSCOPE.shotNoise } = options;
  check({ ...options, voxelSize, neuronDiameter, membraneThickness, noise });
  const [sections, height, width] = shape;
  // thick sections are made of planes as thin as a pixel is wide, and averaged by the detector
  const thickness = Math.max(1, Math.round(voxelSize[0] / Math.min(voxelSize[1], voxelSize[2])));
  const pitch: Vec3 = [voxelSize[0] / thickness, voxelSize[1], voxelSize[2]];
  const planes = sections * thickness;
  const grid: Grid = {
    shape: [planes, height, width],
    pitch,
    shift: misalign(planes, thickness, voxelSize, seed),
  };
  const margin = 1.2 * neuronDiameter;
  const room: Room = {
    low: [-margin, -margin, -margin],
    high: shape.map((n, d) => n * voxelSize[d] + margin),
  };
  const neurites = growNeurites(room, neuronDiameter, randomStream(seed, 'neurites'));
  const warp = warpSpace(room, neuronDiameter, randomStream(seed, 'warp'));
  const partition = partitionSpace(grid, neurites, warp);
  const layer = growOrganelles(grid, partition, warp, neurites, randomStream(seed, 'organelles'));
  const crumb = Math.max(8, Math.round(60 ** 3 / (pitch[0] * pitch[1] * pitch[2])));
  const fine = connectLabels(partition.owner, grid.shape, crumb);
  const values = renderTissue(
    grid,
    partition,
    nearBorders(fine.labels, grid.shape),
    layer,
    membraneThickness,
    seed,
  );
  const raw = detect(values, sections, thickness, noise, seed);
  const { labels, count } =
    thickness === 1 ? fine : connectLabels(middlePlanes(fine.labels, sections, thickness), shape, 8);
  return { raw, labels, shape, voxelSize, neurons: count };
}

/** Displacement of every plane in y and x, nm: cut sections are never aligned perfectly. */
function misalign(planes: number, thickness: number, voxelSize: Vec3, seed: number): Float64Array {
  const shift = new Float64Array(2 * planes);
  const { misalignment } = thickness > 1 ? MICROSCOPE.cut : MICROSCOPE.milled;
  const random = randomStream(seed, 'misalignment');
  for (let plane = 0; plane < planes; plane += thickness) {
    const dy = misalignment * voxelSize[1] * clipped(random.normal());
    const dx = misalignment * voxelSize[2] * clipped(random.normal());
    for (let t = 0; t < thickness; t++) shift.set([dy, dx], 2 * (plane + t));
  }
  return shift;
}

/** The labels a section shows: those of its middle plane. */
function middlePlanes(labels: Uint32Array, sections: number, thickness: number): Uint32Array {
  const plane = labels.length / (sections * thickness);
  const middle = new Uint32Array(sections * plane);
  for (let section = 0; section < sections; section++) {
    const from = (section * thickness + (thickness >> 1)) * plane;
    middle.set(labels.subarray(from, from + plane), section * plane);
  }
  return middle;
}

/** 1 within three voxels (along axes) of a border between labels: a membrane is drawn only where the truth has a border. */
function nearBorders(labels: Uint32Array, [depth, height, width]: Vec3): Uint8Array {
  const marks = new Uint8Array(labels.length);
  const plane = height * width;
  for (let z = 0, v = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, v++) {
        if (x > 0 && labels[v] !== labels[v - 1]) marks[v] = marks[v - 1] = 1;
        if (y > 0 && labels[v] !== labels[v - width]) marks[v] = marks[v - width] = 1;
        if (z > 0 && labels[v] !== labels[v - plane]) marks[v] = marks[v - plane] = 1;
      }
    }
  }
  const near = marks.slice();
  for (const [stride, length] of [
    [1, width],
    [width, height],
    [plane, depth],
  ] as const) {
    marks.set(near);
    for (let v = 0; v < marks.length; v++) {
      if (marks[v] === 0) continue;
      const at = Math.floor(v / stride) % length;
      for (let k = -Math.min(3, at); k <= Math.min(3, length - 1 - at); k++) near[v + k * stride] = 1;
    }
  }
  return near;
}

function check(options: Required<SyntheticOptions>): void {
  const refuse = (name: string, value: unknown, wanted: string): never => {
    throw new ToolsError(
      'tools/bad-option',
      `Option ${name} of a synthetic volume is ${String(value)}; it must be ${wanted}.`,
    );
  };
  const { shape, seed, voxelSize, neuronDiameter, membraneThickness, noise } = options;
  if (shape.length !== 3 || !shape.every((n) => Number.isInteger(n) && n >= 1 && n <= 4096))
    refuse('shape', shape, 'three whole numbers in 1..4096');
  if (!Number.isSafeInteger(seed) || seed < 0) refuse('seed', seed, 'a whole number of at least 0');
  if (voxelSize.length !== 3 || !voxelSize.every((v) => v >= 1 && v <= 200))
    refuse('voxelSize', voxelSize, 'three lengths in 1..200 nm');
  if (!(neuronDiameter >= 50 && neuronDiameter <= 5000))
    refuse('neuronDiameter', neuronDiameter, 'a length in 50..5000 nm');
  if (!(membraneThickness > 0 && membraneThickness <= 60))
    refuse('membraneThickness', membraneThickness, 'a length in 0..60 nm');
  if (!(noise >= 0 && noise <= 60)) refuse('noise', noise, 'in 0..60 grey levels');
}

import type { Vec3 } from '../ops/ops.ts';

export interface AffinityTargets {
  /** [z, y, x, 3], the layout of the engines' maps: 1 where v and v - e_d are one neuron. */
  readonly targets: Float32Array;
  /** Same layout: 0 where the link is not counted (unlabelled voxel, or its other end is outside the crop). */
  readonly mask: Float32Array;
}

/**
 * Nearest-neighbour affinities of a crop of labels (0 = unlabelled, not counted).
 * @param erode label voxels that touch another label first lose their label, so that boundaries are two voxels wide:
 *   dense labels meet without a gap, membranes do not.
 */
export function affinityTargets(labels: Uint32Array, shape: Vec3, erode: boolean): AffinityTargets {
  const [depth, height, width] = shape;
  const strides = [height * width, width, 1] as const;
  const inside = erode ? interior(labels, shape) : undefined;
  const targets = new Float32Array(labels.length * 3);
  const mask = new Float32Array(labels.length * 3);
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++) {
        const here = labels[v]!;
        if (here === 0) continue;
        for (let d = 0; d < 3; d++) {
          if ((d === 0 ? z : d === 1 ? y : x) === 0) continue;
          const other = v - strides[d]!;
          if (labels[other] === 0) continue;
          mask[v * 3 + d] = 1;
          if (labels[other] === here && (!inside || (inside[v]! && inside[other]!))) targets[v * 3 + d] = 1;
        }
      }
  return { targets, mask };
}

/** 1 where all six neighbours inside the crop have the voxel's own label or none. */
function interior(labels: Uint32Array, [depth, height, width]: Vec3): Uint8Array {
  const out = new Uint8Array(labels.length).fill(1);
  const strides = [height * width, width, 1] as const;
  for (let z = 0, v = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++)
        for (let d = 0; d < 3; d++) {
          if ((d === 0 ? z : d === 1 ? y : x) === 0) continue;
          const other = v - strides[d]!;
          if (labels[v] === labels[other] || labels[v] === 0 || labels[other] === 0) continue;
          out[v] = 0;
          out[other] = 0;
        }
  return out;
}

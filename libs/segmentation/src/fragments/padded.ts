import type { Vec3 } from '../shape.ts';

/**
 * A volume with one voxel of border on every side, so that walks over neighbours need no bounds checks. `steps` leads to
 * the neighbours in raster order.
 */
export interface Padded {
  readonly shape: Vec3;
  readonly size: number;
  /** Index in the padded volume of voxel (0, 0, 0). */
  readonly origin: number;
}

/** Padded geometry of a shape. */
export function paddedShape([depth, height, width]: Vec3): Padded {
  const shape: Vec3 = [depth + 2, height + 2, width + 2];
  return {
    shape,
    size: shape[0] * shape[1] * shape[2],
    origin: (shape[1] + 1) * shape[2] + 1,
  };
}

/** Visits the rows of a volume: where each starts in the volume and in its padded copy. */
export function forEachRow(
  [depth, height, width]: Vec3,
  padded: Padded,
  visit: (row: number, paddedRow: number) => void,
): void {
  for (let z = 0, row = 0; z < depth; z++)
    for (let y = 0; y < height; y++, row += width)
      visit(row, padded.origin + (z * padded.shape[1] + y) * padded.shape[2]);
}

/** Steps to the neighbours that share a face (6 in 3D, 4 in a section), in raster order. */
export function faceSteps({ shape }: Padded, sections: boolean): Int32Array {
  const [, height, width] = shape;
  const plane = height * width;
  return Int32Array.from(sections ? [-width, -1, 1, width] : [-plane, -width, -1, 1, width, plane]);
}

/** Steps to all neighbours (26 in 3D, 8 in a section), in raster order. */
export function allSteps({ shape }: Padded, sections: boolean): Int32Array {
  const [, height, width] = shape;
  const near = [-1, 0, 1];
  const steps = (sections ? [0] : near).flatMap((z) =>
    near.flatMap((y) => near.map((x) => (z * height + y) * width + x)),
  );
  return Int32Array.from(steps.filter((step) => step !== 0));
}

import { expectLength, voxelCount, type LabelArray, type Vec3 } from '../shape.ts';

/**
 * 6-connected components of equal, nonzero label. Components are numbered 1, 2, ... in raster order of their first
 * voxel; 0 stays 0.
 *
 * @param labels ids of any width, C order, x fastest
 * @param shape (z, y, x)
 * @param out where to write; not `labels` itself
 * @returns one new id for each voxel
 * @example connectedComponents(Uint32Array.of(7, 0, 7), [1, 1, 3]) // 1, 0, 2
 * @throws {SegmentationError} the array does not fill the shape
 */
export function connectedComponents(
  labels: LabelArray,
  shape: Vec3,
  out: Uint32Array = new Uint32Array(labels.length),
): Uint32Array {
  expectLength('labels', labels.length, voxelCount(shape), `shape ${shape.join(' x ')}`);
  const [depth, height, width] = shape;
  const plane = height * width;
  // While scanning, parent[v] is 1 + the raster index of an earlier (or the same) voxel of v's component.
  const parent = out;
  let v = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, v++) {
        const label = labels[v];
        // 0 == 0n: one comparison serves numbers and bigints
        if (label == 0) {
          parent[v] = 0;
          continue;
        }
        let root = v + 1;
        if (x > 0 && labels[v - 1] === label) root = parent[v - 1];
        if (y > 0 && labels[v - width] === label) root = join(parent, root, v - width + 1, v + 1);
        if (z > 0 && labels[v - plane] === label) root = join(parent, root, v - plane + 1, v + 1);
        parent[v] = root;
      }
  return numberRoots(parent);
}

/** The root of the united trees; `self` is not in the forest yet and joins whatever it meets. */
function join(parent: Uint32Array, root: number, other: number, self: number): number {
  const b = find(parent, other);
  if (root === self) return b;
  const a = find(parent, root);
  if (a === b) return a;
  if (a < b) {
    parent[b - 1] = a;
    return a;
  }
  parent[a - 1] = b;
  return b;
}

function find(parent: Uint32Array, id: number): number {
  let at = id;
  for (;;) {
    const up = parent[at - 1];
    if (up === at) return at;
    const above = parent[up - 1];
    parent[at - 1] = above; // path halving
    at = above;
  }
}

/** Roots are the smallest index of their tree, so one pass in raster order meets each root before its voxels. */
function numberRoots(parent: Uint32Array): Uint32Array {
  let count = 0;
  for (let v = 0; v < parent.length; v++) {
    const up = parent[v];
    if (up === 0) continue;
    parent[v] = up === v + 1 ? ++count : parent[up - 1];
  }
  return parent;
}

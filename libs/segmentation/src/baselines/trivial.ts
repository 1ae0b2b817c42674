/** Everything is one neuron: no splits, all merges. */
export function allOneLabel(voxels: number): Uint32Array {
  return new Uint32Array(voxels).fill(1);
}

/** Every voxel is a neuron of its own: no merges, all splits. */
export function everyVoxelItsOwn(voxels: number): Uint32Array {
  const labels = new Uint32Array(voxels);
  for (let v = 0; v < voxels; v++) labels[v] = v + 1;
  return labels;
}

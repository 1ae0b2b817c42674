import type { ContingencyTable } from './contingency.ts';

/** What one segment of the truth adds to the variation of information. */
export interface SegmentScore {
  /** In the truth; a bigint where the truth has 64 bits. */
  readonly id: number | bigint;
  readonly voxels: number;
  /** Labels that it is divided among, 0 counted as one. */
  readonly parts: number;
  /** Bits that it adds to `split`. */
  readonly split: number;
  /** Bits that it adds to `merge`. */
  readonly merge: number;
}

/**
 * Where the variation of information comes from, segment by segment of the truth, in the order of their ids.
 *
 * Of n voxels, segment i has n_i, label j has n_j, and both share n_ij. Both conditional entropies are sums over voxels, and each
 * voxel lies in one segment of the truth:
 *
 *     split = H(labels | truth) = sum_i  1/n sum_j n_ij log2(n_i / n_ij)
 *     merge = H(truth | labels) = sum_i  1/n sum_j n_ij log2(n_j / n_ij)
 *
 * The addend of i in the first line is P(i) H(labels | truth = i), the split a person sees. In the second it is the share of i's
 * voxels in what their labels have merged: of a small segment and a large one under one label, the small one has more bits a
 * voxel, the large one has more voxels. Their sums over all segments are `split` and `merge` of `variationOfInformation`.
 *
 * M. Meila, Comparing clusterings: an information based distance, J. Multivariate Analysis 98 (2007), section 3; the parts of
 * single segments as in J. Nunez-Iglesias et al., Machine learning of hierarchical clustering to segment 2D and 3D images,
 * PLoS ONE 8 (2013).
 *
 * @example
 * const worst = perSegment(table).toSorted((a, b) => b.split + b.merge - a.split - a.merge)[0];
 * @throws {SegmentationError} no voxel has a truth
 */
export function perSegment(table: ContingencyTable): SegmentScore[] {
  const { n } = table.overlap();
  const labels = new Map<number, number>();
  const segments = new Map<number, { voxels: number; parts: number; split: number; merge: number }>();
  table.forEachPair((truth, label, voxels) => {
    labels.set(label, (labels.get(label) ?? 0) + voxels);
    const segment = segments.get(truth);
    if (segment) {
      segment.voxels += voxels;
      segment.parts += 1;
    } else segments.set(truth, { voxels, parts: 1, split: 0, merge: 0 });
  });
  table.forEachPair((truth, label, voxels) => {
    const segment = segments.get(truth)!; // the first pass saw every pair
    segment.split += (voxels * Math.log2(segment.voxels / voxels)) / n;
    segment.merge += (voxels * Math.log2(labels.get(label)! / voxels)) / n;
  });
  return [...segments]
    .map(([name, segment]) => ({ id: table.truthId(name), ...segment }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

import { adaptedRandError, ContingencyTable, variationOfInformation } from '@tokenunify/segmentation';

/** One row of a comparison. VOI in bits; adapted Rand error as scikit-image has it; truth 0 ignored. */
export interface Score {
  readonly name: string;
  readonly voi: number;
  readonly voiSplit: number;
  readonly voiMerge: number;
  readonly adaptedRand: number | null;
}

export function score(name: string, truth: Uint32Array, labels: Uint32Array): Score {
  const table = new ContingencyTable().add(truth, labels);
  const { total, split, merge } = variationOfInformation(table);
  return { name, voi: total, voiSplit: split, voiMerge: merge, adaptedRand: adaptedRandError(table).error };
}

export function scoreTable(scores: readonly Score[]): string {
  const width = Math.max(...scores.map(({ name }) => name.length), 8);
  const head = `${''.padEnd(width)}      VOI    split    merge    adapted Rand error`;
  const rows = scores.map(({ name, voi, voiSplit, voiMerge, adaptedRand }) =>
    [
      name.padEnd(width),
      ...[voi, voiSplit, voiMerge].map((value) => value.toFixed(4).padStart(8)),
      (adaptedRand === null ? 'undefined' : adaptedRand.toFixed(4)).padStart(11),
    ].join(' '),
  );
  return [head, ...rows].join('\n');
}

import { adaptedRandError, variationOfInformation } from '@tokenunify/segmentation';

/** How far labels are from the truth; 0 is perfect for each. */
export interface Score {
  readonly name: string;
  /** Variation of information in bits: neurons cut (`split`) and neurons joined (`merge`). */
  readonly split: number;
  readonly merge: number;
  readonly voi: number;
  /** Adapted Rand error as scikit-image defines it; null where that is undefined. */
  readonly randError: number | null;
}

export function score(name: string, truth: Uint32Array, labels: Uint32Array): Score {
  const { split, merge, total } = variationOfInformation(truth, labels);
  return { name, split, merge, voi: total, randError: adaptedRandError(truth, labels, 'skimage').error };
}

/** The scores as a table, the best of each column marked. */
export function formatScores(scores: readonly Score[]): string {
  const columns = [
    { title: 'VOI split', value: (row: Score) => row.split },
    { title: 'VOI merge', value: (row: Score) => row.merge },
    { title: 'VOI (bits)', value: (row: Score) => row.voi },
    { title: 'adapted Rand error', value: (row: Score) => row.randError ?? Number.NaN },
  ];
  const width = Math.max(...scores.map(({ name }) => name.length));
  const head = [' '.repeat(width), ...columns.map(({ title }) => title)].join('   ');
  const rows = scores.map((row) => {
    const cells = columns.map(({ title, value }) => {
      const figure = value(row);
      return (Number.isNaN(figure) ? '-' : figure.toFixed(3)).padStart(title.length);
    });
    return [row.name.padEnd(width), ...cells].join('   ');
  });
  return [head, ...rows].join('\n');
}

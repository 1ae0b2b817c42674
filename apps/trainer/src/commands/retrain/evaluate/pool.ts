import {
  adaptedRandError,
  ContingencyTable,
  perSegment,
  variationOfInformation,
} from '@tokenunify/segmentation';
import type { Both, Score } from '../types.ts';

/** One model's labels of one box. */
export const scoreOf = (table: ContingencyTable): Score => {
  const { total, split, merge } = variationOfInformation(table);
  return { voi: total, voiSplit: split, voiMerge: merge, adaptedRand: adaptedRandError(table).error };
};

/** A neuron of one box, and what it adds to the pooled score of each model. */
export interface NeuronLoss extends Both<{ readonly split: number; readonly merge: number }> {
  /** Index of its box. */
  readonly box: number;
  /** Component of the box's truth. */
  readonly component: number;
  readonly voxels: number;
}

/**
 * All boxes as if they were one volume whose boxes share no neuron: one table a model, in which ids of the truth and of the
 * labels (0 as well) are distinct for each box.
 */
export class Pool {
  readonly #tables = { champion: new ContingencyTable(), challenger: new ContingencyTable() };
  /** First id of each box's truth, less one. */
  readonly #truthFrom: number[] = [];
  #truths = 0;
  readonly #labels = { champion: 0, challenger: 0 };

  /** @returns the scores of this box alone; ids must be dense, so that those of all boxes have 32 bits */
  add(truth: Uint32Array, labels: Both<Uint32Array>): Both<Score> {
    const from = this.#truths;
    const distinct = from === 0 ? truth : truth.map((id) => (id === 0 ? 0 : id + from));
    this.#truthFrom.push(from);
    this.#truths += highest(truth);
    const scored = (who: keyof Both<unknown>): Score => {
      const base = this.#labels[who];
      this.#tables[who].add(distinct, base === 0 ? labels[who] : labels[who].map((id) => id + base));
      this.#labels[who] += highest(labels[who]) + 1;
      return scoreOf(new ContingencyTable().add(truth, labels[who]));
    };
    return { champion: scored('champion'), challenger: scored('challenger') };
  }

  scores(): Both<Score> {
    return { champion: scoreOf(this.#tables.champion), challenger: scoreOf(this.#tables.challenger) };
  }

  /** Of all neurons, box by box. */
  losses(): NeuronLoss[] {
    const challenger = perSegment(this.#tables.challenger);
    return perSegment(this.#tables.champion).map(({ id, voxels, split, merge }, i) => {
      // components have 32 bits, and both tables the same truth in the same order
      const at = Number(id);
      const box = this.#truthFrom.findLastIndex((from) => from < at);
      const other = challenger[i]!;
      return {
        box,
        component: at - this.#truthFrom[box]!,
        voxels,
        champion: { split, merge },
        challenger: { split: other.split, merge: other.merge },
      };
    });
  }
}

const highest = (ids: Uint32Array): number => ids.reduce((a, b) => Math.max(a, b), 0);

const bits = ({ split, merge }: NeuronLoss['champion']): number => split + merge;

/**
 * The neurons to look at: in which each model loses most, and which changed most, `count` of each. Worst of the challenger first.
 */
export function worstOf(losses: readonly NeuronLoss[], count = 10): NeuronLoss[] {
  const top = (of: (loss: NeuronLoss) => number) =>
    losses
      .filter((loss) => of(loss) > 0)
      .toSorted((a, b) => of(b) - of(a))
      .slice(0, count);
  const chosen = new Set([
    ...top(({ champion }) => bits(champion)),
    ...top(({ challenger }) => bits(challenger)),
    ...top(({ champion, challenger }) => Math.abs(bits(challenger) - bits(champion))),
  ]);
  return [...chosen].toSorted(
    (a, b) => bits(b.challenger) - bits(a.challenger) || a.box - b.box || a.component - b.component,
  );
}

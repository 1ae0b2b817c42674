import type { Citation } from '@tokenunify/model';
import type { TrainingRun } from './history.ts';

interface DataSet {
  /** What its files are called. */
  readonly pattern: RegExp;
  readonly description: string;
  readonly citation: Citation;
}

/** Data sets whose terms ask to be cited wherever a model trained on them is shown. */
const known: readonly DataSet[] = [
  {
    pattern: /fib-?25/i,
    description: 'FIB-25, *Drosophila* medulla, FIB-SEM at 10 nm isotropic, by Janelia FlyEM, CC BY',
    citation: {
      text: 'Takemura et al. Synaptic circuits and their variations within different columns in the visual system of Drosophila. PNAS 112(44), 2015. FIB-25 data by Janelia FlyEM, CC BY.',
      doi: '10.1073/pnas.1509820112',
    },
  },
];

const method: Citation = {
  text: 'Chen et al. TokenUnify: Scaling Up Autoregressive Pretraining for Neuron Segmentation. 2024.',
  url: 'https://arxiv.org/abs/2405.16847',
};

/** Names of the volumes that a model was trained on, each once. */
export function volumesOf(training: readonly TrainingRun[]): readonly string[] {
  const names = training.flatMap(({ settings }) => [settings['raw'], settings['labels']].flat());
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

const setsOf = (training: readonly TrainingRun[]): readonly DataSet[] =>
  known.filter(({ pattern }) => volumesOf(training).some((name) => pattern.test(name)));

/** What a package cites: the method, and the data sets that are known by their files' names. */
export function citationsOf(training: readonly TrainingRun[]): readonly Citation[] {
  return [method, ...setsOf(training).map(({ citation }) => citation)];
}

/** The card's paragraph on data, in Markdown. */
export function describeData(training: readonly TrainingRun[]): string {
  const names = volumesOf(training);
  if (names.length === 0) return 'Unknown: the checkpoint was not in a run directory.';
  const files = `Trained on ${names.map((name) => `\`${name}\``).join(', ')}.`;
  const sets = setsOf(training).map(
    ({ description, citation }) =>
      `${description}: ${citation.text}${citation.doi ? ` doi ${citation.doi}.` : ''} Cite it wherever a figure made with this model is shown.`,
  );
  return [files, ...sets, `Method: ${method.text} ${method.url ?? ''}`].join(' ');
}

import { describe, expect, it } from 'vitest';
import { checkOptions, commandLine, shortName, type EvaluateCommand } from './options.ts';
import { candidatesOf } from './select.ts';

const command: EvaluateCommand = {
  ...{ model: 'models/default', raw: '../data/x.h5:/volumes/raw', labels: 'y.npy', baselines: true },
  ...{ watershed: ['{"mode":"3d"}'], scoring: ['mean', 'hist50'], thresholds: [0.1, 0.2], minimumSizes: [0] },
  ...{ engine: 'auto', json: false },
};
const { model: _, ...unnamed } = command;

describe('evaluate refuses', () => {
  it.each([
    [unnamed, 'Name either --model or --checkpoint: what is to be evaluated.'],
    [{ ...command, checkpoint: ['a'] }, 'Name either --model or --checkpoint: what is to be evaluated.'],
    [
      { ...command, select: 'a', report: 'b' },
      '--select and --report exclude each other: what chose a model cannot report on it.',
    ],
    [
      { ...unnamed, checkpoint: ['a', 'b'] },
      '--checkpoint names 2 files; name one, or choose among them with --select.',
    ],
    [
      { ...command, tile: [16, 16, 16] as const },
      '--tile is for checkpoints; a model package has its own tile.',
    ],
    [
      { ...command, thresholds: [0.1, 0.3, 0.2] },
      '--thresholds has 0.2 behind 0.3; name them in ascending order.',
    ],
  ])('options that contradict each other (%#)', (options, message) => {
    expect(() => checkOptions(options)).toThrow(message);
  });

  it.each([
    [{ watershed: ['{"mode":'] }, `--watershed '{"mode":' is not JSON; write it as '{"mode":"3d"}'.`],
    [{ watershed: ['{"mode":"2d"}'] }, /watershed.mode is "2d"/],
    [{ scoring: ['mean', 'median'] }, /agglomeration.scoring is "median"/],
    [{ thresholds: [0.1, 1.5] }, /agglomeration.threshold is 1.5/],
    [{ minimumSizes: [0, -1] }, /minimumSize is -1/],
  ])('a choice that cannot be made, before anything is inferred (%#)', (change, message) => {
    expect(() => candidatesOf({ ...command, ...change })).toThrow(message);
  });
});

it('evaluate tries every watershed with every scoring', () => {
  const watershed = ['{"mode":"3d"}', '{"mode":"3d","boundaryThreshold":0.4}'];
  expect(
    candidatesOf({ ...command, watershed }).map(({ watershed: w, agglomeration: a }) => [
      w.boundaryThreshold,
      a.scoring,
    ]),
  ).toEqual([
    [undefined, 'mean'],
    [undefined, 'hist50'],
    [0.4, 'mean'],
    [0.4, 'hist50'],
  ]);
});

describe('the command that reproduces a score', () => {
  it('has all that matters, and no directories', () => {
    expect(commandLine({ ...command, box: ':,158:190,:', tuneBox: ':,:150,:' })).toBe(
      'npx tokenunify evaluate --model models/default --raw x.h5:/volumes/raw --labels y.npy --box :,158:190,: --tune-box :,:150,:',
    );
    expect(
      commandLine({
        ...unnamed,
        checkpoint: ['runs/a/c1', 'runs/a/c2'],
        select: '/tmp/s.json',
        baselines: false,
      }),
    ).toBe(
      `npx tokenunify evaluate --checkpoint a/c1 a/c2 --raw x.h5:/volumes/raw --labels y.npy --no-baselines --select ... --watershed '{"mode":"3d"}' --scoring mean hist50 --thresholds 0.1,0.2 --minimum-sizes 0`,
    );
  });

  it('keeps of a file its run and its name', () =>
    expect(shortName('a/b/c/d.safetensors')).toBe('c/d.safetensors'));
});

import type { FinetuneFlags, PretrainFlags } from './resolve.ts';

const common = {
  preset: 'nano',
  steps: 1000,
  seed: 1,
  rate: 2e-3,
  checkpointEvery: 200,
  recompute: false,
  isotropic: true,
  engine: 'auto',
  gpu: false,
  out: 'run',
  resume: false,
  json: false,
} as const;

/** Options as the command line has them when only what is required was typed. */
export const pretrainFlags: PretrainFlags = { ...common, raw: ['a.h5'], voxelsPerStep: 262144 };
export const finetuneFlags: FinetuneFlags = { ...common, raw: 'a.h5', labels: 'b.h5', batch: 1, erode: true };

export const typed = (...names: string[]): ReadonlySet<string> => new Set(names);

import { unavailable } from '../routes/service.ts';
import type { Segmenter } from './types.ts';

/** A segmenter without a model: it answers that it is not ready. For the contract, which no model changes. */
export const unloaded: Segmenter = {
  model: {
    name: 'none',
    version: '0.0.0',
    digest: 'none',
    preset: 'none',
    tileShape: [1, 1, 1],
    minimumShape: [1, 1, 1],
  },
  ready: false,
  segment: () => Promise.reject(unavailable()),
};

export {
  agglomerate,
  applyLookup,
  type AgglomerationOptions,
  type AgglomerationStep,
} from './agglomerate.ts';
export type { Scoring } from './scores.ts';

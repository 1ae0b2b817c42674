export {
  agglomerate,
  applyLookup,
  type AgglomerationOptions,
  type AgglomerationStep,
} from './agglomerate.ts';
export { isScoring, type Scoring } from './scores.ts';

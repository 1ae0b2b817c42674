export { ContingencyTable, type Overlap } from './contingency.ts';
export {
  adaptedRandError,
  cremiScore,
  variationOfInformation,
  type AdaptedRand,
  type RandConvention,
  type VariationOfInformation,
} from './scores.ts';
export { perSegment, type SegmentScore } from './segments.ts';

export { parsePostProcessing } from './options.ts';
export {
  postprocess,
  prepareSegmentation,
  sweepThresholds,
  type PostProcessing,
  type PreparedSegmentation,
  type Segmentation,
  type SweepStep,
} from './postprocess.ts';
export { segment, segmentAffinities, type SegmentOptions, type SegmentResult } from './segment.ts';
